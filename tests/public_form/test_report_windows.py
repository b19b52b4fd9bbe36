"""The report's windows in the public form give no hidden figure away: an attack on them and `marts_public` together."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support import candidate

from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.editions import Edition, read_editions
from dagster_project.public_form.public_windows import Sums
from dagster_project.public_form.write_measures import write_public
from dagster_project.reporting.pack.public_cells import public_cells

from .attack import RATES, AttackResult, Series, attack
from .random_marts import MEASURES, make_marts

WINDOWS = [
    *({name: n} for name in ("month", "rolling_12_months", "calendar_year", "financial_year") for n in (0, -1)),
    {"calendar_year_to_date": 0}, {"financial_year_to_date": 0}, *({"last_months": n} for n in (2, 3, 5, 7, 11, 13)),
    {"all_to_date": True}, {"since": "2022-06-01"}, {"since": "2023-01-01"},
    {"from": "2022-04-01", "to": "2022-10-31"}, {"from": "2022-08-01", "to": "2023-02-28"},
    {"from": "2022-08-15", "to": "2023-02-28"},
]  # fmt: skip
SHOWS = ("value", "prior_value", "volume_change", "numerator", "denominator")


def make_edition(con: duckdb.DuckDBPyConnection) -> Edition:
    """An edition of every measure, area and category of the random marts, over windows of all kinds."""
    (last,) = con.execute("select max(period_end) from marts.measures where data_status = 'complete'").fetchone()
    tables = []
    for mart, measure in [*MEASURES, ("mart_drug_tests", "positivity_rate"), ("mart_stop_search", "drug_find_rate")]:
        rows = [{"label": "Force"}, {"category": "*"}, *({"area_type": a, "area_name": "*"} for a in ("section", "lpu"))]
        columns = [
            {"name": f"w{n}_{shows}", "window": window, "shows": shows} for n, window in enumerate(WINDOWS) for shows in SHOWS
        ]
        figure = {"mart": mart, "measure": measure}
        heading = {"table": measure, "paragraph": "1", "title": measure}
        tables.append({**heading, "figure": figure, "rows": rows, "columns": columns})
    return Edition.model_validate(
        {"edition": "2024-01", "title": "Windows", "force_code": "f", "data_to": str(last), "tables": tables}
    )


def report_figures(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[tuple[Series, int, int], int]:
    """The figures that the report shows, by series, first and last month; parts of rates under the names of their counts."""
    codes = dict(
        ((a, n), c)
        for a, n, c in con.execute("select distinct area_type, area_name, area_code from marts_public.measures").fetchall()
    )
    (first,) = con.execute(
        "select min(period_start) from marts_public.measures where period_type = 'month' and data_status <> 'not_available'"
    ).fetchone()
    parts = {
        "positivity_rate": {"numerator": "tests_positive", "denominator": "tests_completed"},
        "drug_find_rate": {"numerator": "drug_finds", "denominator": "drug_searches_recording_finds"},
    }
    figures: dict[tuple[Series, int, int], int] = {}
    by_place: dict[tuple[Series, int, int], dict[str, Decimal]] = {}
    for cells in public_cells(con, edition).values():
        for c in (c for c in cells if c["value"] is not None and c["period_end"]):
            begins = c["period_start"] or first
            a, b = (12 * d.year + d.month - 1 for d in (begins, c["period_end"]))
            measure = parts.get(c["measure"], {}).get(c["shows"], c["measure"])
            if measure in RATES or c["mart"] == "mart_mda_orders":  # has the measure names of another mart
                continue
            series = (measure, c["area_type"], codes[c["area_type"], c["area_name"]], c["category"])
            if c["shows"] == "prior_value":
                figures[series, a - 12, b - 12] = int(c["value"])
            elif c["shows"] not in ("volume_change", "pct_change"):
                figures[series, a, b] = int(c["value"])
            by_place.setdefault((series, a, b), {})[c["shows"]] = c["value"]
    # A change is shown with both of its figures, so it gives no more away.
    for (series, a, b), shown in by_place.items():
        if "volume_change" in shown:
            assert figures[series, a, b] - figures[series, a - 12, b - 12] == shown["volume_change"]
    return figures


def as_bounds(figures: dict[tuple[Series, int, int], int]) -> dict[tuple[Series, int, int], tuple[int, int]]:
    return {key: (figure, figure) for key, figure in figures.items()}


def attack_mart(
    con: duckdb.DuckDBPyConnection, mart: str, extra: dict[tuple[Series, int, int], int], **options: object
) -> AttackResult:
    measures = [m for at, m in MEASURES if at == mart]
    return attack(
        con, measures, areas="staging.areas_listed", where=f"p.mart = '{mart}'",
        by_area_and_category=mart == "mart_drug_offences", extra=as_bounds(extra), **options,
    )  # fmt: skip


@pytest.fixture(scope="module", params=[1007, pytest.param(1012, marks=pytest.mark.long)])
def marts(request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    con = make_marts(request.param)
    write_public(con, Public(), "staging", "secret")
    return con


def test_no_window_gives_a_small_figure_away(marts: duckdb.DuckDBPyConnection) -> None:
    report = report_figures(marts, make_edition(marts))
    months = {(12 * a.year + a.month - 1, 12 * b.year + b.month - 1) for a, b in marts.execute(
        "select distinct period_start, period_end from marts.measures").fetchall()}  # fmt: skip
    assert len([1 for _, a, b in report if (a, b) not in months]) > 20, "windows that are no periods of the marts"
    for mart in {at for at, _ in MEASURES}:
        result = attack_mart(marts, mart, report)
        assert result.hidden > 50 and result.broken == []


def test_hiding_only_small_windows_gives_figures_away(marts: duckdb.DuckDBPyConnection) -> None:
    """If the report looked at each window by itself, the attack would find hidden figures."""
    months = marts.execute(
        "select distinct measure, area_type, area_code, category, 12 * year(period_start) + month(period_start) - 1, value"
        " from marts.measures where period_type = 'month' and mart = 'mart_drug_offences' and value is not null"
        " and (area_type = 'force' or category = 'all')"
    ).fetchall()
    sums: dict[Series, dict[int, int]] = {}
    for *series, month, value in months:
        sums.setdefault(tuple(series), {})[month] = int(value)
    report = {}
    for series, by_month in sums.items():
        for a in by_month:
            for b in range(a, a + 7):
                total = sum(by_month.get(m, 0) for m in range(a, b + 1))
                if b in by_month and (total == 0 or total >= 5):
                    report[series, a, b] = total
    assert attack_mart(marts, "mart_drug_offences", report, stop_after=1).broken


def test_with_nothing_hidden_windows_are_sums_of_the_marts() -> None:
    """With a threshold of 0, each window of whole months is the sum of its months."""
    con = make_marts(1007)
    write_public(con, Public(threshold=0), "staging")
    figures = report_figures(con, make_edition(con))
    sums = {
        (tuple(series), m): int(value) for *series, m, value in con.execute(
            "select measure, area_type, area_code, category, 12 * year(period_start) + month(period_start) - 1, value"
            " from marts.measures where period_type = 'month' and value is not null and unit = 'count'"
        ).fetchall()
    }  # fmt: skip
    checked = 0
    for (series, a, b), value in figures.items():
        if series[0] != "drug_searches_recording_finds":
            assert value == sum(sums.get((series, m), 0) for m in range(a, b + 1)), (series, a, b)
            checked += 1
    assert checked > 500


def test_sums_finds_what_known_sums_imply_and_no_more() -> None:
    sums = Sums()
    sums.add(0, 11, Decimal(100))
    sums.add(3, 14, Decimal(120))
    assert sums.over(0, 11) == 100 and sums.over(0, 14) is None and sums.over(0, 2) is None
    sums.add(12, 14, Decimal(30))
    assert sums.over(0, 2) == 10 and sums.over(3, 11) == 90 and sums.over(0, 14) == 130
    assert sums.over(4, 11) is None and sums.over(0, 15) is None
    sums.add(0, 2, Decimal(10))
    assert sums.over(0, 2) == 10


@pytest.fixture(scope="module")
def sample(sample_home: Home) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[tuple[Series, int, int], int]]]:
    """The published sample with its areas, and the figures that the March 2026 edition shows of it in the public form."""
    with candidate(sample_home) as con:
        con.execute("use warehouse")
        con.execute("create temp table areas_now as select * from work.staging.areas_listed where force_code = 'derbyshire'")
        yield con, report_figures(con, read_editions(Home(Path("nowhere"))).sound["2026-03"])


@pytest.mark.parametrize(
    "measures", [["naloxone_administrations"], ["properties_identified", "repeat_addresses"], ["tests_positive"]]
)
def test_the_sample_report_gives_no_small_figure_away(
    sample: tuple[duckdb.DuckDBPyConnection, dict[tuple[Series, int, int], int]], measures: list[str]
) -> None:
    con, report = sample
    result = attack(con, measures, areas="areas_now", extra=as_bounds(report))
    assert result.hidden > 20 and result.broken == []
