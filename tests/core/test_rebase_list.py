"""A home's list of rebases: which rows are valid, and the charts that use it."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from oracle.charts import chart
from support import candidate

from dagster_project.core.home import SEEDS, Home
from dagster_project.core.home_lists import OWN_LISTS, HomeListError, read_own_list, rebase_rows
from dagster_project.core.raw_table_columns import columns_of

COLUMNS = OWN_LISTS["rebases"]
GOOD = ("derbyshire", "force", "derbyshire", "naloxone_administrations", "all", "2024-07-01", "New form")


def write_list(folder: Path, *rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "rebases.csv"
    path.write_text("".join(",".join(row) + "\n" for row in (columns, *rows)), encoding="utf-8")
    return path


def with_cell(column: str, value: str) -> tuple[str, ...]:
    return tuple(value if c == column else cell for c, cell in zip(COLUMNS, GOOD, strict=True))


def test_the_projects_own_list_is_empty_and_has_the_header() -> None:
    assert (SEEDS / "rebases.csv").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (with_cell("force_code", "derby"), "line 3: force_code 'derby' is in no row"),
        (with_cell("area_type", "ward"), "line 3: area_type 'ward' is none of force, section, lpu, district"),
        (with_cell("area_code", "chesterfield"), "line 3: area_code 'chesterfield' is no force"),
        (with_cell("measure", "naloxone"), "line 3: measure 'naloxone' has no control charts"),
        (with_cell("measure", "drug_misuse_deaths"), "line 3: measure 'drug_misuse_deaths' has no control charts"),
        (with_cell("measure", "orders"), "write mart_confiscation_orders.orders or mart_mda_orders.orders"),
        (with_cell("rebase_on", "1/7/2024"), "line 3: rebase_on '1/7/2024' is no date: write it as 2025-04-01"),
        (with_cell("rebase_on", "20240701"), "line 3: rebase_on '20240701' is no date: write it as 2025-04-01"),
        (with_cell("reason", " "), "line 3: reason is blank"),
        (GOOD, "appears twice (line 2 too)"),
    ],
)
def test_an_invalid_row_is_named_by_its_line(tmp_path: Path, row: tuple[str, ...], message: str) -> None:
    with pytest.raises(HomeListError) as error:
        read_own_list(write_list(tmp_path, GOOD, row))
    assert message in str(error.value) and str(error.value).startswith("seeds/rebases.csv: line 3: ")


@pytest.mark.parametrize(
    ("area_type", "written", "code"),
    [
        ("lpu", "High Peak", "n2"),
        ("lpu", "N2", "n2"),
        ("section", "north", "n"),
        ("section", "N", "n"),
        ("lpu", "Not recorded", "unknown"),
    ],
)
def test_a_name_in_place_of_the_code_is_refused(tmp_path: Path, area_type: str, written: str, code: str) -> None:
    """No figure has that code: the charts would go on as before, without a word."""
    areas = "force_code,section_code,section_name,lpu_code,lpu_name\nderbyshire,n,North,n2,High Peak\n"
    (tmp_path / "areas.csv").write_text(areas, encoding="utf-8")
    rows = [("derbyshire", area_type, area, *GOOD[3:]) for area in (written, code)]
    with pytest.raises(HomeListError, match=f"{area_type}: area_code '{written}' is not the code of an area: write {code}$"):
        read_own_list(write_list(tmp_path, *rows))
    assert read_own_list(write_list(tmp_path, rows[1])) == [rows[1]]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeListError, match="line 1: the header lacks reason"):
        read_own_list(write_list(tmp_path, GOOD[:-1], columns=COLUMNS[:-1]))


def test_valid_rows_are_accepted(tmp_path: Path) -> None:
    rows = [
        GOOD, with_cell("rebase_on", "2024-07-02"), with_cell("category", "Other"),
        with_cell("measure", "mart_mda_orders.orders"), (*GOOD[:1], "lpu", "chesterfield", *GOOD[3:]),
    ]  # fmt: skip
    rebases = rebase_rows(read_own_list(write_list(tmp_path, *rows)))
    assert len(rebases) == 5 and all(len(row) == len(columns_of("rebases")) for row in rebases)
    assert [(r[0], r[4]) for r in rebases[2:4]] == [
        ("mart_naloxone", "naloxone_administrations"), ("mart_mda_orders", "orders"),
    ]  # fmt: skip


def chart_rows(home: Home) -> list[tuple[object, ...]]:
    with candidate(home) as con:
        return con.execute(
            "select period_start, value, mean, upper_limit, baseline_start, variation from warehouse.marts.mart_control_charts"
            " where measure = 'naloxone_administrations' and area_type = 'force' and force_code = 'derbyshire'"
            " order by period_start",
        ).fetchall()


def test_charts_follow_the_rebase_of_a_home(week: Home, week_with_lists: Home) -> None:
    """First without a list, then with one and two more months: as the oracle charts them."""
    months = [2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 3, 1]
    rows = chart_rows(week)[:12]
    assert [row[1] for row in rows] == months and {row[4] for row in rows} == {date(2025, 1, 1)}
    points, rows = chart([*months, 5, 9], rebase={6}), chart_rows(week_with_lists)
    assert [row[4].month for row in rows] == [1] * 6 + [7] * 8
    assert [(row[1], row[5]) for row in rows] == [(p.value, p.variation) for p in points]
    for row, point in zip(rows, points, strict=True):
        assert abs(row[2] - Decimal(point.mean)) < Decimal("1e-9") and abs(row[3] - Decimal(point.upper)) < Decimal("1e-9")
