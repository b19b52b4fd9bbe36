"""The warehouse rebuilt from raw/ and the lists alone: as of now, as of an earlier night (tests/cli/test_replay.py), and
compared with what somebody changed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from support import land_night, meta_rows, published, same_figures, write_extract
from week import NALOXONE, NIGHTS, YEAR, administrations

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.published_file import night_of
from dagster_project.core.receipts import NightNotFoundError, read_receipts, receipt_path, utc_seconds, write_receipt
from dagster_project.landing import read_ledger
from dagster_project.nights import replay
from dagster_project.nights.replay import ReplayError, ReplayRun, find_night_id, rebuild_and_compare, rebuilt, write_as_of
from dagster_project.publishing.figure_diff import EVERY, attach, make_differences
from dagster_project.publishing.kept_nights import publication_of
from dagster_project.quality import engine
from dagster_project.transform.candidate import start

pytestmark = pytest.mark.begin_first

TODAY = date(2026, 1, 8)


@contextmanager
def replaying(home: Home) -> Iterator[ReplayRun]:
    run = ReplayRun(home)
    try:
        run.night = replace(run.begin(), today=TODAY)
        yield run
    finally:
        run.end()


def run_replay(home: Home) -> ReplayRun:
    """A whole replay, step by step."""
    with replaying(home) as run:
        run.land()
        run.build()
        run.judge()
        run.publish()
    return run


def differing(one: Path, other: Path) -> int:
    with duckdb.connect() as con:
        attach(con, one, "earlier")
        attach(con, other, "later")
        return make_differences(con, columns=EVERY)


def restore(week: Home, to: Path, *parts: str) -> Home:
    """A home with only these parts restored from a backup."""
    home = Home(to)
    home.path.mkdir(mode=0o700)
    for part in parts:
        source = week.path / part
        shutil.copytree(source, home.path / part) if source.is_dir() else shutil.copy2(source, home.path / part)
    return home


def test_nights_differ_from_each_other(week: Home) -> None:
    """Otherwise comparing figures would show nothing."""
    for one, other in ((0, 1), (1, 2), (2, 3)):
        assert differing(publication_of(week, NIGHTS[one]).path, publication_of(week, NIGHTS[other]).path) > 300


def test_a_home_of_raw_and_the_key_alone_publishes_the_same(pam: Callable, week: Home, tmp_path: Path) -> None:
    """Also with a tie in raw/ that a night left which was killed before it wrote to the ledger."""
    home = restore(week, tmp_path / "restored", "raw", "pseudonym.key")
    own = next(str(e.load_id) for e in read_ledger(home) if e.extract == "op_trapped" and e.night_id == NIGHTS[0])
    with duckdb.connect() as con:
        con.execute(
            f"copy (select 'op_trapped' as extract, 'derbyshire' as force_code, '{own}' as load_id, _line, _key from"
            f" read_parquet('{home.raw}/op_trapped/derbyshire/{own}.parquet'))"
            f" to '{home.withheld}/{own}__20260108T010000Z-aaaaaaaaaaaa.parquet' (format parquet)"
        )
    (home.create().inbox / "naloxone__derbyshire__2025-01-01__2025-12-31__20260109T020000Z.csv").write_text("x\n")
    engine.preload()
    result = pam("replay", "--home", home.path)
    (receipt,) = read_receipts(home)
    assert result.exit_code == 0 and f"Night {receipt.night_id} is published" in result.stdout
    assert (receipt.outcome, receipt.reason, night_of(home.warehouse)) == ("published", replay.REASON, receipt.night_id)
    assert same_figures(week, home) == []
    assert receipt.withdrawn == {} and receipt.files == [], "nothing landed and nothing was withdrawn"
    assert {e.load_id for e in read_ledger(home)} == {e.load_id for e in read_ledger(week)}
    (row,) = meta_rows(home, "nights")
    assert (row["outcome"], row["reason"]) == ("published", replay.REASON)
    assert len(meta_rows(home, "files")) == len(read_ledger(week))
    assert len(list(home.inbox.iterdir())) == 1, "the inbox waits for a night"
    assert start(home).base == "night", "later nights build on it"


@pytest.mark.parametrize("ref", ["SAMPLE-MDA-1", "M1"])
def test_a_restored_home_of_made_up_files_says_so(new_home: Home, tmp_path: Path, ref: str) -> None:
    """raw/ has no mark, but its ledger says which files are made up."""
    rows = [[ref, "2025-05-01", "10", "Police"]]
    write_extract(new_home.inbox, "mda_orders", rows, columns=("order_ref", "order_date", "amount", "recipient"))
    land_night(new_home)
    home = restore(new_home, tmp_path / "restored", "raw")
    with replaying(home) as run:
        run.land()
    assert holds_made_up(home) == (ref != "M1")


@pytest.mark.long
def test_a_replay_reports_every_difference(week_copy: Home) -> None:
    """Figures that somebody changed in the published file, rows that somebody changed in raw/ and, where it publishes, a file
    that landed in a night that was not published."""
    rows = administrations(range(1, 13))[:-2]
    write_extract(week_copy.inbox, "naloxone", rows, columns=NALOXONE, window=YEAR, stamp="20260108T010000Z")
    land_night(week_copy)
    # A value by its last digit, a comparison with the year before, and a status.
    of = "area_type = 'force' and force_code = 'derbyshire' and measure = 'possession_offences' and category = '92D'"
    with duckdb.connect(str(week_copy.warehouse)) as con:
        for month, change in (
            ("Oct", "value = value + 0.0000000001"),
            ("Nov", "data_status = 'partial'"),
            ("Dec", "prior_value = prior_value + 1"),
        ):
            con.execute(f"update marts.mart_drug_offences set {change} where period_label = '{month} 2025' and {of}")
    (load,) = (e for e in read_ledger(week_copy) if e.extract == "county_lines" and e.night_id == NIGHTS[3])
    path = week_copy.raw / "county_lines" / "derbyshire" / f"{load.load_id}.parquet"
    whole = path.read_bytes()
    with duckdb.connect() as con:
        con.execute(f"create table kept as select * from read_parquet('{path}') where line_ref <> 'A3'")
        con.execute(f"copy kept to '{path}' (format parquet)")
    comparison = rebuild_and_compare(week_copy, limit=500)
    marts = {row[0]: row for row in comparison.marts}
    assert set(marts) == {"mart_drug_offences", "mart_county_lines"}, "without what landed later"
    assert marts["mart_drug_offences"][2] == 3 and comparison.differing - 3 > 10
    rows = [dict(zip(replay.COLUMNS, row, strict=True)) for row in comparison.rows]
    rows = [r for r in rows if r["mart"] == "mart_drug_offences"]
    assert {(r["measure"], r["category"], r["kind"]) for r in rows} == {("possession_offences", "92D", "changed")}
    assert {r["period_start"].month: r["differs"] for r in rows} == {10: ["value"], 11: ["data_status"], 12: ["prior_value"]}
    path.write_bytes(whole)
    run = run_replay(week_copy)
    marts = {row[0]: row for row in run.comparison.marts}
    assert set(marts) == {"mart_drug_offences", "mart_naloxone"} and marts["mart_drug_offences"][2] == 3
    assert run.comparison.differing == sum(r[2] + r[4] + r[5] for r in run.comparison.marts)
    assert published(week_copy, f"select count(*) from marts.mart_drug_offences where data_status = 'partial' and {of}"
                     " and period_label = 'Nov 2025'") == [(0,)]  # fmt: skip
    assert run.receipt.withdrawn == {"naloxone": 1}, "the new file withdrew a row since the last publication"


def test_a_held_replay_leaves_what_is_published(week_copy: Home) -> None:
    before = week_copy.warehouse.read_bytes()
    week_copy.seeds.mkdir()
    header = "force_code,section_code,section_name,lpu_code,lpu_name\n"
    (week_copy.seeds / "areas.csv").write_text(header + "derbyshire,A,A,A1,One\nderbyshire,B,B,B1,A1\n", encoding="utf-8")
    with replaying(week_copy) as run:
        run.land()
        with pytest.raises(RuntimeError):
            run.build()
    assert run.receipt.outcome == "held" and week_copy.warehouse.read_bytes() == before


def test_missing_rows_are_named(week: Home, week_copy: Home, tmp_path: Path) -> None:
    (load,) = (e for e in read_ledger(week_copy) if e.extract == "county_lines" and e.night_id == NIGHTS[3])
    (week_copy.raw / "county_lines" / "derbyshire" / f"{load.load_id}.parquet").unlink()
    message = rf"names rows that are missing: raw/county_lines/derbyshire/{load.load_id}\.parquet"
    with pytest.raises(ReplayError, match=message):
        rebuild_and_compare(week_copy)
    with replaying(week_copy) as run, pytest.raises(ReplayError, match=message):
        run.land()
    assert night_of(week_copy.warehouse) == NIGHTS[4]
    empty = restore(week, tmp_path / "empty", "published")
    with pytest.raises(ReplayError, match="nothing had landed by night 20260107T020000Z"):
        rebuild_and_compare(empty)
    with replaying(empty) as run, pytest.raises(ReplayError, match="has no ledger"):
        run.land()


def test_a_night_whose_id_is_later_than_it_was_has_its_own_day(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its id is later where the clock was ahead before it: by the day of the id, all extracts were late."""
    monkeypatch.setattr(ReplayRun, "build", lambda _: [])
    at = datetime(2026, 1, 4, 2, tzinfo=UTC)
    night_id, receipt = NIGHTS[2], next(r for r in read_receipts(week_copy) if r.night_id == NIGHTS[2])
    write_receipt(week_copy, replace(receipt, started_at=utc_seconds(at)))
    with rebuilt(week_copy, night_id) as run:
        assert run.night and (run.night.started_at, run.night.today) == (at, at.date())
    receipt_path(week_copy, night_id).unlink()
    with rebuilt(week_copy, night_id) as run:
        assert run.night and run.night.today == date(2026, 1, 5), "without its receipt, that of its id"


def test_unknown_nights_are_refused(week: Home, tmp_path: Path) -> None:
    out = tmp_path / "out.duckdb"
    with pytest.raises(ReplayError, match="nothing had landed by night 20250101T020000Z"):
        write_as_of(week, "20250101T020000Z", out)
    with pytest.raises(NightNotFoundError, match=r"yesterday: no night of that id\. There are 20260106T"):
        write_as_of(week, "yesterday", out)
    with pytest.raises(NightNotFoundError, match=r"2026010: more than one night of that id\. There are "):
        write_as_of(week, "2026010", out)
    assert not out.exists()
    assert find_night_id(week, "20260105") == NIGHTS[2], "a night before a release of the same day"
    with pytest.raises(FileExistsError, match="already exists"):
        write_as_of(week, NIGHTS[0], week.warehouse)
    assert night_of(week.warehouse) == NIGHTS[4]
