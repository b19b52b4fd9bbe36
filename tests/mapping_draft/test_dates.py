"""The form of a column's dates, from its cells."""

import duckdb
import pytest

from dagster_project.landing.rows import parse_values
from dagster_project.mapping_draft.columns import percent
from dagster_project.mapping_draft.dates import DOUBTS, DateForm, date_form
from dagster_project.mapping_draft.tables import ROWS


def form_of(*cells: str) -> DateForm:
    with duckdb.connect() as con:
        parse_values.install(con)
        con.execute(f"create table {ROWS} as select unnest(?) as t", [list(cells)])
        return date_form(con, "t")


@pytest.mark.parametrize(
    ("cells", "doubt"),
    [
        (("01/02/2025", "13/02/2025"), ""),
        (("01/02/2025", "12/11/2025"), DOUBTS["either"]),
        (("01/02/2025", "13/02/2025", "02/13/2025"), DOUBTS["both"]),
        (("01/02/2025",) * 10 + ("13/25/2025",), DOUBTS["either"]),
    ],
)
def test_dates_that_do_not_show_their_order_are_doubted(cells: tuple[str, ...], doubt: str) -> None:
    assert form_of(*cells).doubt == doubt


@pytest.mark.parametrize(
    ("cells", "formats", "doubt"),
    [
        (tuple(f"25/{n:02}/{n + 3:02}" for n in range(1, 13)), ("%y/%m/%d",), ""),
        (tuple(f"{n + 3:02}/{n:02}/25" for n in range(1, 13)), ("%d/%m/%y",), ""),
        (tuple(f"{24 + n % 3}-{n % 12 + 1:02}-{n:02}" for n in range(1, 29)), ("%y-%m-%d",), ""),
        (("24/03/25", "25/03/24"), ("%d/%m/%y",), "every date would also be one of %y/%m/%d"),
    ],
)
def test_years_of_two_digits_are_where_the_dates_lie_close(
    cells: tuple[str, ...], formats: tuple[str, ...], doubt: str
) -> None:
    form = form_of(*cells)
    assert (form.formats, form.doubt) == (formats, doubt)


@pytest.mark.parametrize(("zeros", "part"), [("000000", "%f"), ("000000000", "%n")])
def test_timestamps_of_oracle_have_their_format(zeros: str, part: str) -> None:
    cells = [f"{n:02}-OCT-25 {n % 12 + 1:02}.05.00.{zeros} {'AP'[n % 2]}M" for n in range(1, 29)]
    form = form_of(*cells)
    assert (form.formats, form.share, form.has_time) == ((f"%d-%b-%y %I.%M.%S.{part} %p",), 1, True)


def test_dates_with_their_weekday_have_its_format() -> None:
    assert form_of("Wed 05/11/2025", "Sat 22/11/2025").formats == ("%a %d/%m/%Y",)


def test_a_fifth_in_another_form_has_its_format() -> None:
    form = form_of(*(f"2025-03-{n:02}" for n in range(1, 9)), "30.3.2025", "31.3.2025")
    assert "%d.%m.%Y" in form.formats and form.share == 1


def test_only_all_cells_are_100_percent() -> None:
    assert (percent(0.9996), percent(1.0), percent(0.5)) == ("99.9%", "100%", "50%")
