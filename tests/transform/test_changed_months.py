"""Which months a night builds again after files that landed, were withheld or were erased since the last one."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from support import write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.raw_table_columns import make_raw_table
from dagster_project.landing import Erasure, accepted, find_files, land_files, read_ledger
from dagster_project.landing.storage.erase_unused import write_erasures
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.transform.changed_months import MonthsToRebuild, find_months_to_rebuild, loads_of

NALOXONE = ("administration_ref", "administered_at", "lpu")
LISTS = {
    "cash_seizures": (("seizure_ref", "order_date", "status", "amount"), ("S1", "2025-09-09", "Forfeited")),
    "op_trapped": (("identification_ref", "address_ref", "identified_on", "people_safeguarded"), ("T1", "X", "2025-09-09")),
}  # fmt: skip
DERBYSHIRE, KENT = ("naloxone", "derbyshire"), ("naloxone", "kent")
FIRST, SECOND = ("2025-01-01", "2025-03-31"), ("2025-05-10", "2025-06-10")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create schema raw")
        make_raw_table(con, "kept_superseded", ())
        yield con


def drop(home: Home, day: int, rows: dict[str, str], window: tuple[str, str], force: str = "derbyshire") -> None:
    """Drop a file of naloxone that was extracted on a day of January 2026. `rows`: day of each reference."""
    listed = [[ref, f"{at} 10:00", "Dales"] for ref, at in rows.items()]
    stamp = f"202601{day:02d}T010000Z"
    write_extract(home.inbox, "naloxone", listed, columns=NALOXONE, window=window, stamp=stamp, force=force)


def drop_list(home: Home, day: int, extract: str = "cash_seizures", force: str = "derbyshire") -> None:
    columns, row = LISTS[extract]
    write_extract(home.inbox, extract, [[*row, str(day)]], columns=columns, stamp=f"202601{day:02d}T010000Z", force=force)


def land(home: Home, night: str = "20260120T020000Z") -> None:
    contracts = load_contracts()
    land_files(home, contracts, find_files(home.inbox, contracts, {"derbyshire", "kent"}), night, archive=True)


def found(
    con: duckdb.DuckDBPyConnection, home: Home, before: dict[str, list[str]], hidden: tuple[str, ...] = ()
) -> MonthsToRebuild:
    """What is built again. `hidden`: files whose rows can't count."""
    shown = {str(e.load_id) for e in accepted(read_ledger(home)) if e.source_file not in hidden}
    return find_months_to_rebuild(con, home, load_contracts(), before, shown)


def load_named(home: Home, part: str) -> Any:
    return next(e for e in read_ledger(home) if part in e.source_file)


def test_a_file_changes_its_own_months_and_those_from_which_its_rows_move(
    con: duckdb.DuckDBPyConnection, new_home: Home
) -> None:
    """Not those of other references, other forces, or of files whose rows count no more."""
    drop(new_home, 1, {"A": "2025-01-05", "B": "2025-02-05", "C": "2025-03-05"}, FIRST)
    drop(new_home, 1, {"A": "2025-02-05"}, FIRST, force="kent")
    drop(new_home, 1, {"A": "2024-11-05"}, ("2024-11-01", "2024-11-30"))
    drop_list(new_home, 1)
    land(new_home)
    before = loads_of(new_home)
    drop(new_home, 2, {"A": "2025-05-20", "C": "2025-05-20"}, SECOND)
    land(new_home)
    replaced = load_named(new_home, "__2024-11-01").source_file
    result = found(con, new_home, before, (replaced,))
    assert (result.whole, result.months) == (set(), {DERBYSHIRE: {"2025-01", "2025-03", "2025-05", "2025-06"}})
    numbers = [12 * 2025 + n for n in (0, 2, 4, 5)]
    assert result.by_month() == result.of_figures() == [(*DERBYSHIRE, n) for n in numbers]
    assert found(con, new_home, before).months[DERBYSHIRE] - result.months[DERBYSHIRE] == {"2024-11"}
    names = ("naloxone__derbyshire__2025-01-01", "kent", "derbyshire__2024-11", "cash_seizures", "derbyshire__2025-05-10")
    assert [result.has(load_named(new_home, name)) for name in names] == [True, False, False, False, True]
    rows = "(values ('derbyshire', '2025-01-31'), ('derbyshire', '2025-02-01'), ('kent', '2025-01-31'))"
    rows += " as t (_force_code, _date)"
    assert con.execute(f"from {rows} where {result.where('naloxone')}").fetchall() == [("derbyshire", "2025-01-31")]
    assert con.execute(f"from {rows} where {result.where('crimes')}").fetchall() == []
    assert found(con, new_home, loads_of(new_home)) == MonthsToRebuild(), "nothing is new"


@pytest.mark.parametrize("extract", ["cash_seizures", "op_trapped"])
def test_a_file_whose_rows_count_beyond_their_month_changes_all_months_of_its_force(
    extract: str, con: duckdb.DuckDBPyConnection, new_home: Home
) -> None:
    """A whole list; an extract that looks back. Of a force that is built whole, no month is named."""
    for force in ("derbyshire", "kent"):
        drop_list(new_home, 1, extract, force)
    land(new_home)
    before = loads_of(new_home)
    drop_list(new_home, 2, extract)
    land(new_home)
    result = found(con, new_home, before)
    assert (result.whole, result.months, result.by_month()) == ({(extract, "derbyshire")}, {}, [])
    assert result.of_figures() == [(extract, "derbyshire", 0)]
    assert {(e.force_code, result.has(e)) for e in read_ledger(new_home)} == {("derbyshire", True), ("kent", False)}
    result.months[extract, "derbyshire"] = {"2025-01"}
    assert result.by_month() == [] and result.where(extract) == "_force_code in ('derbyshire')"


def test_a_file_whose_rows_another_withholds_changes_all_months(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    """Rows of it count no more, whichever months they are of. Of a file that does not count, none do."""
    drop(new_home, 1, {"A": "2025-01-05", "B": "2025-02-05", "C": "2025-03-05"}, FIRST)
    land(new_home)
    before = loads_of(new_home)
    drop(new_home, 1, {"A": "2025-01-06", "D": "2025-01-05", "E": "2025-01-05"}, ("2025-01-01", "2025-01-31"))
    land(new_home)
    assert found(con, new_home, before).whole == {DERBYSHIRE}
    before = loads_of(new_home)
    entry = read_ledger(new_home)[-1].model_copy(update={"outcome": "known", "withheld": {"another": 1}})
    (new_home.ledger / f"{entry.night_id}__other.jsonl").write_text(f"{entry.model_dump_json()}\n", encoding="utf-8")
    assert loads_of(new_home) != before and found(con, new_home, before) == MonthsToRebuild()


def erase(home: Home, part: str) -> str:
    """Put the erasure of a file's rows on record, with totals that replace them. Returns the load."""
    entry = load_named(home, part)
    path = load_of(entry).raw(home)
    record = Erasure(
        night_id="20260121T020000Z", erased_on=date(2026, 1, 21), archived=str(path.relative_to(home.path)), bytes=1,
        sha256="0", kind="raw", kept={"a.parquet": "0"},
    )  # fmt: skip
    write_erasures(home.erasures / "20260121T020000Z__kept.jsonl", [record])
    path.unlink()
    return str(entry.load_id)


def test_erased_rows_have_their_months_built_again_and_change_no_figure(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    """Those of its window, and those of rows that it had replaced in files that stay; all of a whole list."""
    drop(new_home, 1, {"A": "2025-01-05", "B": "2025-02-05"}, FIRST)
    drop(new_home, 2, {"A": "2025-05-20"}, SECOND)
    drop(new_home, 2, {"A": "2025-05-20"}, SECOND, force="kent")
    drop_list(new_home, 1)
    land(new_home)
    before = loads_of(new_home)
    gone = erase(new_home, "naloxone__derbyshire__2025-05-10"), erase(new_home, "cash_seizures")
    (stays,) = (e.load_id for e in read_ledger(new_home) if "derbyshire__2025-01-01__2025-03" in e.source_file)
    superseded = "insert into raw.kept_superseded (load_id, line, by_load_id) values ($1, '2', $2), ($1, '3', 'another')"
    con.execute(superseded, [stays, gone[0]])
    shown = {str(e.load_id) for e in read_ledger(new_home)} - {*gone}
    result = find_months_to_rebuild(con, new_home, load_contracts(), before, shown)
    assert result.whole == {("cash_seizures", "derbyshire")}
    assert result.months == {DERBYSHIRE: {"2025-01", "2025-05", "2025-06"}} and result.of_figures() == []
    drop(new_home, 3, {"Z": "2025-06-05"}, ("2025-06-01", "2025-06-30"))
    land(new_home, "20260122T020000Z")
    shown |= {str(load_named(new_home, "2025-06-01__2025-06-30").load_id)}
    result = find_months_to_rebuild(con, new_home, load_contracts(), before, shown)
    assert result.of_figures() == [(*DERBYSHIRE, 12 * 2025 + 5)], "a new file changes figures, whatever is erased beside it"
