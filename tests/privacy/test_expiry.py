"""Loads whose time is over are erased, on record, and no figure moves for it."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from support import copy_home, land_night, publish_night, published, write_extract
from typer.testing import CliRunner

from dagster_project.audit import read_log, verify
from dagster_project.cli import app
from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import erase_expired, read_erasures
from dagster_project.landing.retention import is_expired
from dagster_project.nights.replay import ReplayError, rebuild_and_compare, write_as_of
from dagster_project.nights.run import NightRun
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_request import TrailError, request_for_period
from dagster_project.serving.trace_source_line import figures_from_file
from dagster_project.transform.monthly_archive import RawLostError, archived_loads

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
OLD = ("2018-01-01", "2018-06-30")


def crimes(year: int, months: range) -> list[list[str]]:
    rows = [[f"C{year}{m}{n}", f"{year}-{m:02d}-1{n}", "92D", "Recorded", "Chesterfield"] for m in months for n in (1, 2)]
    return [*rows, [f"BAD{year}", "no day", "92D", "Recorded", "Chesterfield"]]


def figures(home: Home) -> list[tuple]:
    return published(home, "select * from marts.measures order by all")


def test_years_are_counted_to_the_day() -> None:
    assert not is_expired(date(2018, 3, 1), 6, date(2024, 3, 1)) and is_expired(date(2018, 3, 1), 6, date(2024, 3, 2))
    assert not is_expired(date(2020, 2, 29), 1, date(2021, 2, 28)) and is_expired(date(2020, 2, 29), 1, date(2021, 3, 1))


def stored_in(home: Home) -> set[Path]:
    """Files of the three folders that hold rows."""
    folders = (home.raw, home.quarantine, home.archive)
    return {p.relative_to(home.path) for folder in folders for p in folder.rglob("*.*") if p.is_file()}


def test_what_was_noted_before_a_second_try_in_one_night_stays_noted(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't be erased yet ends the first try; the second one's list comes on top of the first one's."""
    home = new_home
    for n, name in ((1, "crimes"), (7, "naloxone")):
        columns = COLUMNS if name == "crimes" else ("administration_ref", "administered_at", "lpu")
        rows = crimes(2018, range(1, 2)) if name == "crimes" else [["N1", "2018-03-01 10:00", "Chesterfield"]]
        write_extract(home.inbox, name, rows, columns=columns, window=OLD, stamp=f"2018070{n}T020000Z")
    land_night(home)
    stored, unlink = stored_in(home), Path.unlink

    def stopped(path: Path, **options: bool) -> None:
        if "naloxone" in path.name:
            raise PermissionError("Permission denied")
        unlink(path, **options)

    def erase() -> None:
        erase_expired(home, load_contracts(), {"crimes": 1, "naloxone": 1}, [], date(2026, 1, 5), "n1")

    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "unlink", stopped)
        erase()
    assert len(stored_in(home)) < len(stored)
    erase()
    gone = {str(p) for p in stored - stored_in(home)}
    noted = {e.archived if e.kind != "archive" else f"archive/{e.archived}" for e in read_erasures(home)}
    assert noted == {g for g in gone if "erased" not in g} and len(noted) >= 5


class Erased(NamedTuple):
    """A home whose second night erased what was over; its first night, the figures and files before, and the second night."""

    home: Home
    first: str
    before: list[tuple]
    stored: set[Path]
    run: NightRun


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Erased:
    """To be read, not changed."""
    home = Home(tmp_path_factory.mktemp("erased") / "home").create()
    write_extract(home.inbox, "crimes", crimes(2018, range(1, 7)), columns=COLUMNS, window=OLD, stamp="20180702T020000Z")
    first = land_night(home)[0].night_id
    # All of 2018 anew, and nothing in quarantine: no figure rests on the half year's file any more.
    write_extract(
        home.inbox, "crimes", crimes(2018, range(1, 13))[:-1], columns=COLUMNS, window=("2018-01-01", "2018-12-31"),
        stamp="20190102T020000Z",
    )  # fmt: skip
    write_extract(home.inbox, "naloxone", [["N1", "2018-03-01 10:00", "Chesterfield"], ["N2", "x", "Chesterfield"]],
                  columns=("administration_ref", "administered_at", "lpu"), window=OLD)  # fmt: skip
    others(home)
    publish_night(home)
    before, stored = figures(home), stored_in(home)
    limit(home, crimes=7, naloxone=7, county_lines=7, iom_cohort=7, op_trapped=7, street_crime=7)
    return Erased(home, first, before, stored, publish_night(home))


def test_what_is_over_goes_and_the_figures_stay(erased: Erased, tmp_path: Path) -> None:
    home, first, before, stored, run = erased
    assert figures(home) == before and run.receipt is not None and run.receipt.reason == ""
    # Of what no figure rests on, the rows go as the night lands; of the rest, when it has been published.
    gone = {p for p in stored - stored_in(home) if "erased" not in p.parts}
    assert sorted(p.parts[0] for p in gone) == ["archive"] * 7 + ["quarantine"] * 2 + ["raw"] * 6
    assert {p.parts[1] for p in stored_in(home) if p.parts[0] == "raw" and p.parts[1][0] != "_"} == {"op_trapped"}, (
        "an address of later months may repeat one of these"
    )
    told = [r.facts for r in read_log(home) if r.kind == "erasure"]
    assert sorted(f["what"] for f in told) == ["archive"] * 7 + ["quarantine"] * 2 + ["raw"] * 6
    noted = [e for e in read_erasures(home) if e.kind == "raw"]
    assert [f["kept"] for f in told if f.get("kept")] == [e.kept for e in noted if e.kept] and len(archived_loads(home)) == 5
    assert run.receipt.erased == len(told) == len(read_erasures(home))
    on = published(home, "select erased_on, count(*) from meta.files group by all")
    assert on == [(run.night.today, 7)], "the archive's files"
    assert not verify(home).faults
    traced(home)
    with pytest.raises(ReplayError, match="was erased at its retention limit"):
        write_as_of(home, first, tmp_path / "then.duckdb")
    spoilt(copy_home(home, tmp_path / "spoilt"))


@pytest.mark.long
def test_later_files_of_erased_months_and_a_home_made_again(erased: Erased, tmp_path: Path) -> None:
    """Random sequences in tests/sequences, and dbt's unit tests of superseded rows, have both in the suite."""
    home = copy_home(erased.home, tmp_path / "home")
    later_files(home, erased.before)
    assert rebuild_and_compare(home).differing == 0, "made again from what is left, the figures are the same"


def limit(home: Home, **years: int) -> None:
    listed = ", ".join(f"{x} = {n}" for x, n in years.items())
    home.config_file.write_text(f"[keep]\nyears = {{ {listed} }}\n", encoding="utf-8")
    home.config_file.chmod(0o600)


def others(home: Home) -> None:
    """Lines and their stock, one of them from before the window; a count on some days; repeats; districts."""
    town = "Chesterfield"
    write_extract(
        home.inbox, "county_lines",
        [["A", "2017-05-05", "", town], ["B", "2018-02-01", "2018-09-09", town], ["C", "2018-02-03", "", ""]],
        columns=("line_ref", "identified_on", "closed_on", "lpu"), window=OLD,
    )  # fmt: skip
    write_extract(home.inbox, "iom_cohort", [["2018-01-31", "90"], ["2018-01-15", "80"], ["2018-03-01", "95"]],
                  columns=("counted_on", "cohort_size"), window=OLD)  # fmt: skip
    write_extract(
        home.inbox, "op_trapped", [["I1", "X", "2018-01-31", "1", "Chesterfield"], ["I2", "X", "2018-03-01", "2", "Buxton"]],
        columns=("identification_ref", "address_ref", "identified_on", "people_safeguarded", "lpu"), window=OLD,
    )  # fmt: skip
    rows = [["1", "2018-01", "Amber Valley 001A", "Drugs"], ["", "2018-01", "Erewash 002B", "Anti-social behaviour"]]
    (home.inbox / "2018-01-derbyshire-street.csv").write_text(
        "\n".join(",".join(row) for row in [["Crime ID", "Month", "LSOA name", "Crime type"], *rows]), encoding="utf-8"
    )


def traced(home: Home) -> None:
    """What the trail says of an erased month: its file, its night and its amount, and no row."""
    with open_evidence(home) as con:
        asked = request_for_period(con, "possession_offences", None, "all", "force", None, None, "2018", None, None)
        found = trace(con, asked)
        (part,) = found.parts
        assert (found.value, part.rows, len(part.erased)) == (24, [], 12)
        assert part.erased[0][0] == "2018-01" and "__2018-01-01__2018-12-31__" in part.erased[0][1] and part.erased[0][3] == 2
        cohort = trace(con, request_for_period(con, "cohort_size", None, "all", "force", None, None, "Jan 2018", None, None))
        assert cohort.value == 90 and [e[0] for e in cohort.parts[0].erased] == ["2018-01"]
        asked = request_for_period(con, "lines_active", None, "all", "lpu", "Chesterfield", None, "Jun 2018", None, None)
        stock = trace(con, asked)
        assert stock.value == 2
        assert {row[5] for row in figures_from_file(con, part.erased[0][1])} == {None}
        with pytest.raises(TrailError, match=r"rows of .* were erased"):
            figures_from_file(con, part.erased[0][1], line=2)
    said = CliRunner().invoke(app, ["trace", "possession_offences", "--period", "2018", "--home", str(home.path)]).output
    assert "The rows of these months were erased" in said and "2018-12" in said and said.rstrip().endswith("Figure: 24 (count)")


def later_files(home: Home, before: list[tuple]) -> None:
    """A file of a part of an erased month does not count in it; one of a whole month takes its place. A newer list takes the
    place of all of the old one."""
    part, whole = ([[f"NEW{m}", f"2018-0{m}-12", "92D", "Recorded", "Chesterfield"]] for m in (5, 3))
    write_extract(home.inbox, "crimes", part, columns=COLUMNS, window=("2018-05-10", "2018-05-20"), stamp="20260104T020000Z")
    write_extract(home.inbox, "crimes", whole, columns=COLUMNS, window=("2018-03-01", "2018-04-15"), stamp="20260105T020000Z")
    write_extract(home.inbox, "county_lines", [["A", "2017-05-05", "", "Chesterfield"]], window=("2018-01-01", "2018-07-31"),
                  columns=("line_ref", "identified_on", "closed_on", "lpu"), stamp="20260106T020000Z")  # fmt: skip
    run = publish_night(home)
    assert [(c.rule, c.severity) for c in run.checks or [] if c.found.startswith("rows_closed 1")] == [
        ("rows_in_erased_months", "warning")
    ]
    now = [f for f in figures(home) if f not in before]
    names = [d[0] for d in published_columns(home)]
    changed = {
        (r["measure"], r["period_label"]): r["value"] for f in now for r in (dict(zip(names, f, strict=True)),)
        if r["area_type"] == "force" and r["category"] == "all" and r["period_type"] == "month" and r["value"] is not None
    }  # fmt: skip
    assert changed == {
        ("possession_offences", "Mar 2018"): 1, ("lines_identified", "Feb 2018"): 0,
        # The newer list covers July as well.
        ("lines_identified", "Jul 2018"): 0, ("lines_closed", "Jul 2018"): 0,
        **{("lines_active", f"{m} 2018"): 1 for m in ("Feb", "Mar", "Apr", "May", "Jun", "Jul")},
    }, "April and May stand: no file covers all of either"  # fmt: skip


def published_columns(home: Home) -> list[tuple]:
    return published(home, "describe marts.measures")


def spoilt(home: Home) -> None:
    """What stands for erased rows is gone, or was changed: nothing is published."""
    path = min((home.kept / "crimes").rglob("*.parquet"))
    bytes_ = path.read_bytes()
    for change, said in ((lambda: path.write_bytes(bytes_ + b" "), "is not as it was"), (path.unlink, "is gone")):
        change()
        with pytest.raises(RawLostError, match=f"raw/_kept/crimes/.*{said}.* restore raw/"):
            publish_night(home, rebuild=True)
