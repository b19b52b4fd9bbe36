"""Loads past their retention limit are erased, on record, and no figure changes."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import copy_home, drop_something, land_night, publish_night, published, write_extract
from typer.testing import CliRunner

from dagster_project.audit import read_log, verify
from dagster_project.cli import load_app
from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.read_database import read_database
from dagster_project.landing import erase_unused_loads, read_erasures
from dagster_project.landing.storage.erase_unused import is_expired
from dagster_project.nights.accept_vocabulary import accept_value
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.replay import ReplayError, rebuild_and_compare, write_as_of
from dagster_project.serving.figures_of_file import figures_from_file
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_request import TrailError, request_for_period
from dagster_project.transform import dbt_runner
from dagster_project.transform.candidate import prepare_for_dbt
from dagster_project.transform.kept_totals import RawLostError, loads_as_totals

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
OLD = ("2018-01-01", "2018-06-30")


def crimes(year: int, months: range) -> list[list[str]]:
    rows = [[f"C{year}{m}{n}", f"{year}-{m:02d}-1{n}", "92D", "Recorded", "Chesterfield"] for m in months for n in (1, 2)]
    return [*rows, [f"BAD{year}", "no day", "92D", "Recorded", "Chesterfield"]]


def figures(home: Home) -> list[tuple]:
    return published(home, "select * from marts.measures order by all")


def test_retention_years_are_counted_to_the_day() -> None:
    assert not is_expired(date(2018, 3, 1), 6, date(2024, 3, 1)) and is_expired(date(2018, 3, 1), 6, date(2024, 3, 2))
    assert not is_expired(date(2020, 2, 29), 1, date(2021, 2, 28)) and is_expired(date(2020, 2, 29), 1, date(2021, 3, 1))


def stored_files(home: Home) -> set[Path]:
    """Files in the three folders that hold rows."""
    folders = (home.raw, home.quarantine, home.archive)
    return {p.relative_to(home.path) for folder in folders for p in folder.rglob("*.*") if p.is_file()}


def test_erasures_of_a_failed_try_stay_recorded_after_the_second_try(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't be erased ends the first try. The second try adds to the first one's list."""
    home = new_home
    for n, name in ((1, "crimes"), (7, "naloxone")):
        columns = COLUMNS if name == "crimes" else ("administration_ref", "administered_at", "lpu")
        rows = crimes(2018, range(1, 2)) if name == "crimes" else [["N1", "2018-03-01 10:00", "Chesterfield"]]
        write_extract(home.inbox, name, rows, columns=columns, window=OLD, stamp=f"2018070{n}T020000Z")
    land_night(home)
    stored, unlink = stored_files(home), Path.unlink

    def refuse_one_file(path: Path, **options: bool) -> None:
        if "naloxone" in path.name:
            raise PermissionError("Permission denied")
        unlink(path, **options)

    def erase() -> None:
        erase_unused_loads(home, load_contracts(), {"crimes": 1, "naloxone": 1}, [], date(2026, 1, 5), "n1")

    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "unlink", refuse_one_file)
        erase()
    assert len(stored_files(home)) < len(stored)
    erase()
    erased = {str(p) for p in stored - stored_files(home)}
    recorded = {e.archived if e.kind != "archive" else f"archive/{e.archived}" for e in read_erasures(home)}
    assert recorded == {e for e in erased if "erased" not in e} and len(recorded) >= 5


def test_rows_of_a_held_file_are_erased(new_home: Home) -> None:
    """Nobody released it: its rows, and those in quarantine, are no figure's."""
    rows = [*crimes(2018, range(1, 7)), *([f"X{n}", "no day", "92D", "Recorded", ""] for n in range(20))]
    write_extract(new_home.inbox, "crimes", rows, columns=COLUMNS, window=OLD, stamp="20180702T020000Z")
    assert [e.outcome for e in land_night(new_home)] == ["held"]
    erased = erase_unused_loads(new_home, load_contracts(), {"crimes": 1}, [], date(2026, 1, 5), "n1")
    assert sorted(e.kind for e in erased) == ["archive", "quarantine", "raw"]
    assert not [p for p in stored_files(new_home) if p.parts[0] != "raw" or "crimes" in p.parts]


def test_a_file_held_for_its_codes_stops_no_night_once_its_rows_are_erased(new_home: Home) -> None:
    """Its codes can't be looked at again, whatever list knows them by then."""
    rows = [[f"C{n}", "2018-03-01", "99X", "Recorded", ""] for n in range(60)]
    write_extract(new_home.inbox, "crimes", rows, columns=COLUMNS, window=OLD, stamp="20180702T020000Z")
    limit_retention(new_home, crimes=7)
    assert [e.held_for for e in land_night(new_home)] == ["vocabulary"]
    assert [e.kind for e in read_erasures(new_home)] == ["raw", "archive"]
    accept_value(new_home, "crimes", "offence_code", ["99X"], "possession", by="A. Person")
    write_extract(new_home.inbox, "crimes", crimes(2025, range(1, 7))[:-1], columns=COLUMNS)
    assert [e.outcome for e in land_night(new_home)] == ["accepted"]


class ErasedHome(NamedTuple):
    """A home whose second night erased expired loads; its first night's id, the figures and files before, the second night."""

    home: Home
    first_night: str
    figures: list[tuple]
    stored: set[Path]
    run: NightRun


@pytest.fixture(scope="module")
def erased_home(tmp_path_factory: pytest.TempPathFactory) -> ErasedHome:
    """Read it, do not change it."""
    home = Home(tmp_path_factory.mktemp("erased") / "home").create()
    write_extract(home.inbox, "crimes", crimes(2018, range(1, 7)), columns=COLUMNS, window=OLD, stamp="20180702T020000Z")
    first_night = land_night(home)[0].night_id
    # All of 2018 again, and nothing in quarantine: no figure depends on the half year's file any more.
    write_extract(
        home.inbox, "crimes", crimes(2018, range(1, 13))[:-1], columns=COLUMNS, window=("2018-01-01", "2018-12-31"),
        stamp="20190102T020000Z",
    )  # fmt: skip
    write_extract(home.inbox, "naloxone", [["N1", "2018-03-01 10:00", "Chesterfield"], ["N2", "x", "Chesterfield"]],
                  columns=("administration_ref", "administered_at", "lpu"), window=OLD)  # fmt: skip
    write_other_extracts(home)
    publish_night(home)
    figures_before, stored = figures(home), stored_files(home)
    limit_retention(home, crimes=7, naloxone=7, county_lines=7, iom_cohort=7, op_trapped=7, street_crime=7)
    return ErasedHome(home, first_night, figures_before, stored, publish_night(home))


def test_expired_loads_are_erased_and_the_figures_stay(erased_home: ErasedHome, tmp_path: Path) -> None:
    home, first_night, figures_before, stored, run = erased_home
    assert figures(home) == figures_before and run.receipt is not None and run.receipt.reason == ""
    # Rows on which no figure depends are erased as the night lands; the others after it is published.
    gone = {p for p in stored - stored_files(home) if "erased" not in p.parts}
    assert sorted(p.parts[0] for p in gone) == ["archive"] * 7 + ["quarantine"] * 2 + ["raw"] * 6
    assert {p.parts[1] for p in stored_files(home) if p.parts[0] == "raw" and p.parts[1][0] != "_"} == {"op_trapped"}, (
        "an address of a later month may repeat one of these"
    )
    recorded = [r.facts for r in read_log(home) if r.kind == "erasure"]
    assert sorted(f["what"] for f in recorded) == ["archive"] * 7 + ["quarantine"] * 2 + ["raw"] * 6
    raw = [e for e in read_erasures(home) if e.kind == "raw"]
    assert [f["kept"] for f in recorded if f.get("kept")] == [e.kept for e in raw if e.kept] and len(loads_as_totals(home)) == 5
    assert run.receipt.erased == len(recorded) == len(read_erasures(home))
    erased_files = published(home, "select erased_on, count(*) from meta.files group by all")
    assert erased_files == [(run.night.today, 7)], "the archive's files"
    assert not verify(home).faults
    check_trace(home)
    with pytest.raises(ReplayError, match="was erased: figures made from it"):
        write_as_of(home, first_night, tmp_path / "then.duckdb")
    check_damaged_archive(copy_home(home, tmp_path / "damaged"))
    check_built_by_hand(copy_home(home, tmp_path / "by_hand"))


@pytest.mark.long
def test_later_files_of_erased_months_and_a_rebuilt_home(erased_home: ErasedHome, tmp_path: Path) -> None:
    """The suite has both in the random sequences of tests/sequences and in dbt's unit tests of superseded rows."""
    home = copy_home(erased_home.home, tmp_path / "home")
    check_later_files(home, erased_home.figures)
    assert rebuild_and_compare(home).differing == 0, "rebuilt from what is left, the figures are the same"


def limit_retention(home: Home, **years: int) -> None:
    """Set the years that a home keeps some extracts."""
    settings = ", ".join(f"{x} = {n}" for x, n in years.items())
    home.config_file.write_text(f"[keep]\nyears = {{ {settings} }}\n", encoding="utf-8")
    home.config_file.chmod(0o600)


def write_other_extracts(home: Home) -> None:
    """County lines, one from before the window; counts of the cohort on some days; repeat addresses; districts."""
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


def check_trace(home: Home) -> None:
    """The trail shows the file, night and amount of an erased month, and no row."""
    with open_evidence(home) as con:
        request = request_for_period(con, "possession_offences", None, "all", "force", None, None, "2018", None, None)
        offences = trace(con, request)
        (part,) = offences.parts
        assert (offences.value, part.rows, len(part.erased)) == (24, [], 12)
        assert part.erased[0][0] == "2018-01" and "__2018-01-01__2018-12-31__" in part.erased[0][1] and part.erased[0][3] == 2
        cohort = trace(con, request_for_period(con, "cohort_size", None, "all", "force", None, None, "Jan 2018", None, None))
        assert cohort.value == 90 and [e[0] for e in cohort.parts[0].erased] == ["2018-01"]
        request = request_for_period(con, "lines_active", None, "all", "lpu", "Chesterfield", None, "Jun 2018", None, None)
        stock = trace(con, request)
        assert stock.value == 2
        assert {row[5] for row in figures_from_file(con, part.erased[0][1])} == {None}
        with pytest.raises(TrailError, match=r"rows of .* were erased"):
            figures_from_file(con, part.erased[0][1], line=2)
        # Of a part of an erased month nothing is known, as `answers` has it; a stock's first day is of no matter.
        for measure, first, last, value in (
            ("possession_offences", date(2018, 1, 5), date(2018, 1, 20), None),
            ("possession_offences", date(2018, 1, 5), date(2018, 2, 28), None),
            ("possession_offences", date(2018, 1, 1), date(2018, 2, 20), None),
            ("possession_offences", date(2018, 1, 1), date(2018, 2, 28), 4),
            ("cohort_size", date(2018, 1, 1), date(2018, 1, 30), None),
            ("lines_active", date(2018, 1, 5), date(2018, 6, 30), 2),
            ("lines_active", date(2018, 1, 1), date(2018, 2, 14), None),
        ):
            area = ("lpu", "Chesterfield") if measure == "lines_active" else ("force", None)
            trail = trace(con, request_for_period(con, measure, None, "all", *area, None, None, first, last))
            status = "not_available" if value is None else "complete"
            assert (trail.value, trail.data_status) == (value, status), (measure, first, last)
    text = CliRunner().invoke(load_app(), ["trace", "possession_offences", "--period", "2018", "--home", str(home.path)]).output
    assert "The rows of these months were erased" in text and "2018-12" in text and text.rstrip().endswith("Figure: 24 (count)")
    days = ["--from", "2018-01-05", "--to", "2018-01-20"]
    text = CliRunner().invoke(load_app(), ["trace", "possession_offences", *days, "--home", str(home.path)]).output
    assert "Figure: not available: it takes a part of a month whose rows were erased" in text


def check_later_files(home: Home, figures_before: list[tuple]) -> None:
    """In an erased month, a file that covers part of it does not count, and one that covers all of it replaces it. A newer list
    replaces the whole old list."""
    part, whole = ([[f"NEW{m}", f"2018-0{m}-12", "92D", "Recorded", "Chesterfield"]] for m in (5, 3))
    write_extract(home.inbox, "crimes", part, columns=COLUMNS, window=("2018-05-10", "2018-05-20"), stamp="20260104T020000Z")
    write_extract(home.inbox, "crimes", whole, columns=COLUMNS, window=("2018-03-01", "2018-04-15"), stamp="20260105T020000Z")
    write_extract(home.inbox, "county_lines", [["A", "2017-05-05", "", "Chesterfield"]], window=("2018-01-01", "2018-07-31"),
                  columns=("line_ref", "identified_on", "closed_on", "lpu"), stamp="20260106T020000Z")  # fmt: skip
    run = publish_night(home)
    assert [(c.rule, c.severity) for c in run.checks or [] if c.found.startswith("rows_closed 1")] == [
        ("rows_in_erased_months", "warning")
    ]
    new_figures = [f for f in figures(home) if f not in figures_before]
    names = [d[0] for d in published_columns(home)]
    changed = {
        (r["measure"], r["period_label"]): r["value"] for f in new_figures for r in (dict(zip(names, f, strict=True)),)
        if r["area_type"] == "force" and r["category"] == "all" and r["period_type"] == "month" and r["value"] is not None
    }  # fmt: skip
    assert changed == {
        ("possession_offences", "Mar 2018"): 1, ("lines_identified", "Feb 2018"): 0,
        # The newer list covers July as well.
        ("lines_identified", "Jul 2018"): 0, ("lines_closed", "Jul 2018"): 0,
        **{("lines_active", f"{m} 2018"): 1 for m in ("Feb", "Mar", "Apr", "May", "Jun", "Jul")},
    }, "April and May stay: no file covers all of either"  # fmt: skip


def published_columns(home: Home) -> list[tuple]:
    return published(home, "describe marts.measures")


def check_built_by_hand(home: Home) -> None:
    """The sums of days of erased rows are gone, too: `monthly` would add them to the totals that were kept."""
    months = "select * exclude (leaf_name) from measures.monthly order by all"
    with read_database(home.candidate / WORK) as con:
        before = con.execute(months).fetchall()
    prepare_for_dbt(home, ["run"])
    assert [n.status for n in dbt_runner.build(home, ["monthly"])] == ["success"]
    with read_database(home.candidate / WORK) as con:
        assert con.execute(months).fetchall() == before != []


def check_damaged_archive(home: Home) -> None:
    """If the kept totals of erased rows are missing or changed, nothing is published."""
    path = min((home.kept / "crimes").rglob("*.parquet"))
    content = path.read_bytes()
    for change, message in ((lambda: path.write_bytes(content + b" "), "is not as it was"), (path.unlink, "is gone")):
        change()
        with pytest.raises(RawLostError, match=f"raw/_kept/crimes/.*{message}.* restore raw/"):
            publish_night(home, rebuild=True)


def missed_tests(force: str, stamp: int, window: tuple[str, str], *rows: tuple[str, ...]) -> dict[str, Any]:
    """Arguments of `write_extract`: tests on a day, their status and, where a row has it, the reason why one was missed."""
    columns = ("custody_ref", "arrested_at", "test_status", "missed_reason")[: len(rows[0])]
    return {
        "extract": "drug_tests", "force": force, "window": window, "stamp": f"2018070{stamp}T020000Z",
        "rows": [(*row, "Theft") for row in rows], "columns": (*columns, "trigger_offence"),
    }  # fmt: skip


@pytest.mark.long
def test_categories_of_erased_rows_stay_whatever_columns_other_files_lack(new_home: Home) -> None:
    """Derbyshire: a row counted on a day whose newest file lacks the column of the reasons. Kent: files that came after the
    rows were erased lack it, and cover the whole of February together."""
    home, rows = new_home, [("T1", "2018-01-10", "Missed", "Ill"), ("T2", "2018-02-10", "Missed", "Ill")]
    for file in (
        missed_tests("derbyshire", 1, OLD, *rows, ("T3", "2018-03-10", "Missed", "Ill")),
        missed_tests("derbyshire", 2, ("2018-01-01", "2018-02-20"), ("T1", "2018-01-10", "?"), ("T2", "2018-02-10", "Missed")),
        missed_tests("kent", 1, OLD, *rows),
    ):
        write_extract(home.inbox, **file)
    publish_night(home)
    before = figures(home)
    limit_retention(home, drug_tests=7)
    drop_something(home)
    publish_night(home)
    assert len(loads_as_totals(home)) == 3 and figures(home) == before
    assert rebuild_and_compare(home).differing == 0
    for n, window in enumerate((("2018-01-20", "2018-02-14"), ("2018-02-15", "2018-02-28")), start=3):
        write_extract(home.inbox, **missed_tests("kent", n, window, (f"N{n}", window[1], "Missed")))
    publish_night(home)
    assert figures(home) == before, "months whose rows were erased stand against files that came since"
    assert rebuild_and_compare(home).differing == 0
