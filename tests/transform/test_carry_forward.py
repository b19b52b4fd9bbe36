"""Which rows of the night before are carried forward, and which are left to be made again."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from dagster_project.core.raw_table_columns import columns_of, make_raw_table
from dagster_project.core.row_tables import make_table
from dagster_project.transform.carry_forward import CARRIED, carry_forward, drop_previous
from dagster_project.transform.changed_months import MonthsToRebuild

NALOXONE, VISITS, SEIZURES = (
    ("mart_naloxone", "naloxone_administrations"), ("mart_iom", "knightlow_visits"), ("mart_cash_seizures", "orders_obtained"),
)  # fmt: skip
EXTRACTS = {NALOXONE: "naloxone", VISITS: "iom_visits", SEIZURES: "cash_seizures"}
FEBRUARY, MARCH = 12 * 2025 + 1, 12 * 2025 + 2
TO_REBUILD = MonthsToRebuild({("cash_seizures", "derbyshire")}, {("naloxone", "derbyshire"): {"2025-03"}})
PLACES = [
    # Measure, force, and whether March is made again, and February.
    (NALOXONE, "derbyshire", True, False), (NALOXONE, "kent", False, False), (VISITS, "derbyshire", False, False),
    (SEIZURES, "derbyshire", True, True), (SEIZURES, "kent", False, False),
]  # fmt: skip
CARRIED_PLACES = sorted(
    (EXTRACTS[of], force, month)
    for of, force, march, february in PLACES for month, is_new in ((FEBRUARY, february), (MARCH, march)) if not is_new
)  # fmt: skip
DAYS = {date(2025, 2, 1): FEBRUARY, date(2025, 2, 28): FEBRUARY, date(2025, 3, 1): MARCH, date(2025, 3, 31): MARCH}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a night before, with a row for each place and month, or day; and tonight's loads."""
    with duckdb.connect() as con:
        for schema in ("raw", "staging", "measures", "answers", "gate", "seeds"):
            con.execute(f"create schema {schema}")
        months = [
            (of[0], force, f"district {month}", None if of == SEIZURES else f"District {month}", of[1], "all", month, 1)
            for of, force, *_ in PLACES for month in (FEBRUARY, MARCH)
        ]  # fmt: skip
        days = [(of[0], force, "force", force, of[1], "all", day, True, 1) for of, force, *_ in PLACES for day in DAYS]
        row_days = [(EXTRACTS[of], force, day, "kind", 1, 1, 0) for of, force, *_ in PLACES for day in DAYS]
        loads = {name: ("naloxone", "derbyshire") for name in ("n", "e")}
        loads |= {"k": ("naloxone", "kent"), "c": ("cash_seizures", "derbyshire"), "d": ("cash_seizures", "kent")}
        superseded = [
            (extract, load, line, "newer version", "n")
            for load, (extract, _) in {**loads, "gone": ("naloxone", "")}.items() for line in ("2", "3")
        ]  # fmt: skip
        tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
            "measures.monthly": ("carried_months", months), "answers.daily": ("carried_days", days),
            "gate.row_days": ("carried_row_days", row_days), "staging.superseded_rows": ("carried_superseded", superseded),
            "staging.periods": ("carried_periods", [("naloxone", "kent", MARCH, "month", *["complete"] * 4)]),
        }  # fmt: skip
        for name, (columns, rows) in tables.items():
            make_table(con, name, columns_of(columns), rows)
        make_raw_table(con, "night", [("tonight", date(2026, 1, 6), False)])
        kept = [
            (extract, force, "load", "mart", "measure", "all", None, None, month, None, True, 1, "night", False)
            for extract, force in {*loads.values()} for month in (FEBRUARY, MARCH)
        ]  # fmt: skip
        make_raw_table(con, "kept_months", kept)
        con.execute("create table raw.loads (load_id varchar, extract varchar, force_code varchar)")
        con.executemany("insert into raw.loads values (?, ?, ?)", [(load, *place) for load, place in loads.items()])
        con.execute("create table raw.row_index as select 'n' as load_id, '2' as line")
        yield con


def test_all_but_the_months_to_rebuild_is_carried_forward(con: duckdb.DuckDBPyConnection) -> None:
    """Of each force and extract by itself. Rows that are compared again, or are erased, do not stay superseded."""
    carry_forward(con, TO_REBUILD, ["e"])
    names = {(mart, measure): extract for (mart, measure), extract in EXTRACTS.items()}
    months = con.execute("select mart, measure, force_code, month_no from raw.carried_months").fetchall()
    assert sorted((names[mart, measure], force, month) for mart, measure, force, month in months) == CARRIED_PLACES
    days = con.execute("select mart, measure, force_code, event_on from raw.carried_days").fetchall()
    twice = sorted([*CARRIED_PLACES, *CARRIED_PLACES])
    assert sorted((names[mart, measure], force, DAYS[day]) for mart, measure, force, day in days) == twice
    row_days = con.execute("select extract, force_code, row_date from raw.carried_row_days").fetchall()
    assert sorted((extract, force, DAYS[day]) for extract, force, day in row_days) == twice
    superseded = con.execute("select load_id, line from raw.carried_superseded order by all").fetchall()
    assert superseded == [("d", "2"), ("d", "3"), ("k", "2"), ("k", "3"), ("n", "3")]
    assert con.execute("select count(*) from raw.carried_periods").fetchone() == (1,)
    kept = con.execute("select extract, force_code, month_no from raw.kept_months where is_carried order by all").fetchall()
    assert kept == [
        ("cash_seizures", "kent", FEBRUARY), ("cash_seizures", "kent", MARCH), ("naloxone", "derbyshire", FEBRUARY),
        ("naloxone", "kent", FEBRUARY), ("naloxone", "kent", MARCH),
    ]  # fmt: skip
    assert con.execute("select is_in_part from raw.night").fetchall() == [(True,)]


def test_figures_and_series_of_the_marts_that_change_are_named(con: duckdb.DuckDBPyConnection) -> None:
    """Each from its month, or all. A rate changes with the extract of its parts. What is erased changes no figure."""
    carry_forward(con, TO_REBUILD, [])
    touched = con.execute("from raw.figures_touched order by all").fetchall()
    assert touched == [("mart_cash_seizures", "derbyshire", 0), ("mart_naloxone", "derbyshire", MARCH)]
    series = con.execute("select mart, force_code, kind, code, title from raw.carried_series order by all").fetchall()
    assert [row[1:3] for row in series if row[0] != "mart_naloxone"] == [("derbyshire", "category"), ("kent", "category")]
    assert [row[1:] for row in series if row[0] == "mart_naloxone"] == [
        (force, *row)
        for force in ("derbyshire", "kent")
        for row in (
            ("category", "naloxone_administrations", "all"),
            *(("district", f"district {m}", f"District {m}") for m in (FEBRUARY, MARCH)),
        )
    ]


def test_a_whole_build_carries_nothing_and_a_partial_one_leaves_nothing_behind(con: duckdb.DuckDBPyConnection) -> None:
    carry_forward(con, None, [])
    assert [con.execute(f"select count(*) from raw.{name}").fetchone() for name in CARRIED] == [(0,)] * len(CARRIED)
    assert con.execute("select is_in_part from raw.night").fetchall() == [(False,)]
    carry_forward(con, TO_REBUILD, [])
    made = ("mart_naloxone", "derbyshire", MARCH)
    con.execute(f"create table staging.figures_to_rebuild as from (values {made}) as t (mart, force_code, from_month_no)")
    con.execute("create table seeds.measure_list as select unnest(['mart_a', 'mart_b', 'mart_b']) as mart")
    con.execute("create table staging.coverage_windows as select unnest(['derbyshire', 'kent']) as force_code")
    drop_previous(con)
    assert [con.execute(f"select count(*) from raw.{name}").fetchone() for name in CARRIED] == [(0,)] * len(CARRIED)
    assert con.execute("from raw.figures_made").fetchall() == [made]
    assert con.execute("from staging.figures_to_rebuild order by all").fetchall() == [
        (mart, force, 0, True) for mart in ("mart_a", "mart_b") for force in ("derbyshire", "kent")
    ]
    assert con.execute("select is_in_part from raw.night").fetchall() == [(False,)]
    assert con.execute("select table_name from duckdb_tables() where table_name like 'previous%'").fetchall() == []
