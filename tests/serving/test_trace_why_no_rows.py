"""Which rows of a figure's days are said to be replaced, withdrawn or in quarantine, if the figure has none. The files have
landed; no night was built."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from support import write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import find_files, land_files, read_ledger
from dagster_project.landing.retract import retract_load
from dagster_project.serving.trace import Part, Trail
from dagster_project.serving.trace_request import FigureRequest
from dagster_project.serving.trace_why_no_rows import missing_rows

FORCES = {"derbyshire", "kent"}
SEPTEMBER, OCTOBER = ("2025-09-01", "2025-09-30"), ("2025-10-01", "2025-10-31")
INPUTS = ("input_ref", "delivered_on", "phase", "young_people")
NIGHT = "20260106T020000Z"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """What `open_evidence` gives of a night: its id, and the forces that have figures."""
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as work; create schema work.raw; attach ':memory:' as warehouse")
        con.execute(f"create schema warehouse.marts; create table work.raw.night as select '{NIGHT}' as night_id")
        con.execute(f"create table warehouse.marts.measures as select unnest({sorted(FORCES)}) as force_code")
        yield con


def drop(home: Home, day: int, *rows: list[str], window: tuple[str, str] = SEPTEMBER, **more: Any) -> str:
    """Drop a file that was extracted on a day of January. Returns its name."""
    extract, columns = more.pop("extract", "school_inputs"), more.pop("columns", INPUTS)
    return write_extract(
        home.inbox, extract, rows, columns=columns, window=window, stamp=f"202601{day:02d}T010000Z", **more
    ).name


def taught(ref: str, day: str = "2025-09-05", phase: str = "Primary") -> list[str]:
    return [ref, day, phase, "30"]


def land(home: Home) -> None:
    land_files(home, load_contracts(), find_files(home.inbox, load_contracts(), FORCES), NIGHT, archive=True)


def sentences(
    con: duckdb.DuckDBPyConnection, home: Home, figure: str = "mart_school_inputs.inputs_delivered",
    first: date | None = date(2025, 9, 1),
) -> list[str]:  # fmt: skip
    """What is said of a figure of September that has no rows."""
    mart, _, measure = figure.partition(".")
    request = FigureRequest(measure, date(2025, 9, 30), first, mart, force_code="derbyshire")
    parts = [Part("rows", measure, "all", Decimal(0), [])]
    trail = Trail(request, mart, "Title", "count", "formula", "sum", Decimal(0), parts)
    return [text.partition(". See pam")[0] for text in missing_rows(con, home, trail).get("rows", [])]


def test_a_withdrawn_row_names_the_first_newer_file_that_covers_its_day_and_lacks_it(
    con: duckdb.DuckDBPyConnection, new_home: Home
) -> None:
    """In quarantine a key is in its file: the next file withdraws it. A file of other days withdraws nothing."""
    old = drop(new_home, 1, taught("A"), taught("B"), taught("C"))
    drop(new_home, 2, taught("D", "2025-10-05"), window=OCTOBER)
    second = drop(new_home, 3, taught("A", phase="Nursery"), window=("2025-09-05", "2025-09-05"))
    third = drop(new_home, 4, taught("D", "2025-10-05"), window=("2025-09-01", "2025-10-31"))
    land(new_home)
    told = f"dated in this period, of {old}, {{}} withdrawn: {{}} covers the day and lacks it"
    assert sentences(con, new_home) == [f"1 row {told.format('is', third)}", f"2 rows {told.format('are', second)}"]


def test_rows_without_a_date_are_of_the_days_that_their_file_covers(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    """To the first and the last day of September. Dates that can be read are ISO's or the United Kingdom's. A file that a newer
    one replaced is not named, nor that of another force."""
    bad = taught("A", "no day")
    touching = [
        drop(new_home, 1, bad, window=("2025-08-01", "2025-09-01")),
        drop(new_home, 2, bad, window=("2025-09-30", "2025-10-31")),
    ]  # fmt: skip
    drop(new_home, 3, bad, window=("2025-07-01", "2025-08-31"))
    drop(new_home, 4, bad, window=("2025-10-01", "2025-11-30"))
    dated = [taught(n, day, "Nursery") for n, day in enumerate(("05/09/2025", "2025-09-30", "05/10/2025", "2025-10-01"))]
    of_year = drop(new_home, 1, *dated, window=("2025-01-01", "2025-12-31"))
    drop(new_home, 5, bad)
    drop(new_home, 6)
    drop(new_home, 7, bad, force="kent")
    land(new_home)
    assert {text.partition(" in quarantine: ")[0] for text in sentences(con, new_home)} == {
        *(f"1 row dated in this period, of {name}, is" for name in touching), f"2 rows dated in this period, of {of_year}, are"
    }  # fmt: skip


def test_a_figure_from_the_beginning_and_a_night_before_the_file(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    drop(new_home, 5, taught("A", phase="Nursery"))
    land(new_home)
    assert len(sentences(con, new_home)) == 1 and sentences(con, new_home, first=None) == sentences(con, new_home)
    con.execute("update work.raw.night set night_id = '20260105T020000Z'")
    assert sentences(con, new_home) == []


def test_rows_that_two_files_of_one_time_withhold_are_not_said_to_be_replaced(
    con: duckdb.DuckDBPyConnection, new_home: Home
) -> None:
    """They are in quarantine, as long as both files are accepted."""
    same = [taught(n, "2025-10-05") for n in "BCD"]
    first = drop(new_home, 1, taught("A"), *same, window=("2025-09-01", "2025-10-31"))
    second = drop(new_home, 1, taught("A", phase="Secondary"), *same, window=("2025-09-01", "2025-10-30"))
    land(new_home)
    conflict = "input_ref: differs from the row in {}, extracted at the same time"
    assert sorted(sentences(con, new_home)) == sorted(
        f"1 row dated in this period, of {own}, is in quarantine: {conflict.format(other)}"
        for own, other in ((first, second), (second, first))
    )
    (load,) = (e.load_id for e in read_ledger(new_home) if e.source_file == second)
    retract_load(new_home, str(load), NIGHT, by="A. Person", why="to see what counts then")
    assert sentences(con, new_home) == []


def test_rows_in_conflict_on_other_days_replace_nothing(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    """Two newer files of one time each have the row on another day: both are in quarantine, and that of September counts."""
    drop(new_home, 1, taught("A"))
    for day, window in (("2025-10-05", OCTOBER), ("2025-10-06", ("2025-10-01", "2025-10-30"))):
        drop(new_home, 2, taught("A", day), *(taught(n, "2025-10-07") for n in "BCD"), window=window)
    land(new_home)
    assert sentences(con, new_home) == []


def test_lists_and_files_without_keys_withdraw_nothing(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    """The newest of them is all that counts, and not for what it lacks."""
    seizure = {"extract": "cash_seizures", "columns": ("seizure_ref", "order_date", "amount", "status")}
    drop(new_home, 1, ["S1", "2025-09-09", "100", "Forfeited"], **seizure)
    drop(new_home, 2, ["S2", "2025-08-09", "100", "Forfeited"], **seizure)
    header = "Type,Date,Legislation,Object of search,Outcome"
    row = "Person search,2025-09-05T10:00:00+00:00,Section 23,Controlled drugs,Arrest"
    for month in ("2025-09", "2025-10"):
        path = new_home.inbox / f"{month}-derbyshire-stop-and-search.csv"
        path.write_text(f"{header}\n{row.replace('2025-09', month)}\n", encoding="utf-8")
    land(new_home)
    assert {e.outcome for e in read_ledger(new_home)} == {"accepted"}
    assert sentences(con, new_home, "mart_cash_seizures.orders_obtained") == []
    assert sentences(con, new_home, "mart_stop_search.searches") == []


def test_a_part_with_rows_or_totals_of_erased_rows_is_not_missing(con: duckdb.DuckDBPyConnection, new_home: Home) -> None:
    drop(new_home, 1, taught("A", phase="Nursery"))
    land(new_home)
    erased = [("2025-09", "a.csv", NIGHT, Decimal(3))]
    request = FigureRequest("inputs_delivered", date(2025, 9, 30), None, "mart_school_inputs", force_code="derbyshire")
    for rows, totals in ([], erased), ([()], []), ([], []):
        part = Part("rows", "inputs_delivered", "all", Decimal(3), rows, totals)
        trail = Trail(request, "mart_school_inputs", "Title", "count", "formula", "sum", Decimal(3), [part])
        assert bool(missing_rows(con, new_home, trail)) is (not rows and not totals)
