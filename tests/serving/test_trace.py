"""Every figure is made of source rows that add up to it: random figures of the sample, and requests that can't be traced.

`--long` traces 500 figures, the short suite 60.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from how_often import often
from typer.testing import CliRunner

from dagster_project.audit import read_log
from dagster_project.cli import load_app
from dagster_project.cli.trace import _show as show_trail
from dagster_project.cli.trace import _show_change
from dagster_project.core.home import Home
from dagster_project.core.project_lists import read_seed
from dagster_project.publishing.kept_nights import NotKeptError
from dagster_project.serving.figures_of_file import figures_from_file, why_no_figure
from dagster_project.serving.trace import Part, Trail, _data_status, contract_of, open_evidence, trace
from dagster_project.serving.trace_change import trace_change
from dagster_project.serving.trace_request import FigureRequest, TrailError, request_for_cell, request_for_period

FIGURES = often(40, 500)
DAYS = (date(2025, 1, 1), date(2025, 1, 2))


@pytest.fixture(scope="module")
def con(sample_home: Home) -> Any:
    with open_evidence(sample_home) as opened:
        yield opened


def some_figures(con: duckdb.DuckDBPyConnection, seed: int = 1, number: int = FIGURES) -> list[tuple[Any, ...]]:
    """Figures with a value, some of each mart: measure, mart, category, area, force, period, value, numerator, denominator."""
    return con.execute(
        f"select measure, mart, category, area_type, area_name, force_code, period_start, period_end, value, numerator,"
        f" denominator from (select *, row_number() over (partition by mart order by hash(measure, category, area_code,"
        f" period_type, period_end, {seed})) as place from warehouse.marts.measures where value is not null)"
        " order by place, mart limit ?",
        [number],
    ).fetchall()


def test_rows_add_up_to_the_figure(con: duckdb.DuckDBPyConnection) -> None:
    figures = some_figures(con)
    assert len(figures) == FIGURES
    rows = 0
    for measure, mart, category, area_type, area_name, force, first, last, value, above, below in figures:
        request = FigureRequest(measure, last, first, mart, category, area_type, area_name, force)
        result = trace(con, request)
        assert result.value is not None and round(result.value, 10) == value, request
        if above is not None:
            assert [p.amount for p in result.parts] == [above, below], request
        for part in result.parts:
            rows += len(part.rows)
            if result.aggregation == "published":
                assert part.rows, request
            elif result.aggregation != "last":
                assert sum((r[7] for r in part.rows), Decimal(0)) == part.amount, request
                assert sum((m[2] for m in part.months()), Decimal(0)) == part.amount, request
            assert len({(r[3], r[2], r[6]) for r in part.rows}) == len(part.rows) or result.aggregation == "stock", request
    assert rows > FIGURES


def test_a_traced_figure_is_as_far_covered_as_its_mart_says(con: duckdb.DuckDBPyConnection) -> None:
    """Of days without a file there are no rows, and their sum was shown as the figure: 0. Counts and rates, stocks at the end
    of a year that is covered in part, and shares of the force."""
    figures = con.execute(
        "select measure, mart, category, area_type, area_name, force_code, period_start, period_end, value, data_status"
        " from (select f.*, row_number() over (partition by m.aggregation, f.area_type, f.data_status order by hash(f.measure,"
        " f.category, f.area_code, f.period_type, f.period_end)) as place"
        " from warehouse.marts.measures as f join work.seeds.measure_list as m using (mart, measure)"
        " where f.mart <> 'mart_public_health') order by place, mart limit ?",
        [2 * FIGURES],
    ).fetchall()
    assert {f[-1] for f in figures} == {"complete", "not_available", "partial"}
    assert {"fpn_share", "lines_active"} & {f[0] for f in figures} == {"fpn_share", "lines_active"}
    for measure, mart, category, area_type, area_name, force, first, last, value, status in figures:
        request = FigureRequest(measure, last, first, mart, category, area_type, area_name, force)
        result = trace(con, request)
        assert (result.data_status, None if result.value is None else round(result.value, 10)) == (status, value), request
    days = request_for_period(con, "searches", None, "all", "force", None, None, None, date(2031, 1, 1), date(2031, 1, 31))
    assert (trace(con, days).value, trace(con, days).data_status) == (None, "not_available"), "days that are no period, too"


@pytest.mark.parametrize(
    ("area_type", "area", "status"),
    [
        ("force", "kent", "complete"),
        ("lpu", "dover", "partial"),
        ("section", "east", "partial"),
        ("lpu", "unknown", "complete"),
    ],
)
def test_units_are_covered_by_files_that_name_them(area_type: str, area: str, status: str) -> None:
    """From July on. What is not recorded has the days of the force."""
    (row,) = (m for m in read_seed("measure_list") if m["measure"] == "naloxone_administrations")
    request = FigureRequest(row["measure"], date(2025, 12, 31), date(2025, 1, 1), row["mart"], area_type=area_type)
    with duckdb.connect() as con:
        con.execute(
            "attach ':memory:' as work; create schema work.staging; create table work.staging.area_coverages as"
            " select 'naloxone' as coverage, 'kent' as force_code, 'naloxone.areas' as area_coverage;"
            " create table work.staging.coverage_windows as select 'kent' as force_code, * from (values"
            " ('naloxone', date '2025-01-01', date '2025-12-31'), ('naloxone.areas', '2025-07-01', '2025-12-31'))"
            " as t(coverage, covered_from, covered_to)"
        )
        assert _data_status(con, "kent", area, request, row) == status


def test_the_command_says_how_far_a_figure_is_covered(sample_home: Home) -> None:
    def shown(*days: str) -> str:
        call = ["trace", "searches", "--force", "derbyshire", *days, "--limit", "1", "--home", str(sample_home.path)]
        return CliRunner().invoke(load_app(), call).stdout.rstrip().splitlines()[-1]

    assert shown("--from", "2031-01-01", "--to", "2031-01-31").startswith("Figure: not available: no accepted file has it")
    assert shown("--from", "2025-01-01", "--to", "2031-01-31").endswith(", provisional: files cover only part of its days")
    assert shown("--period", "2025").endswith("(count)")
    call = ["trace", "searches", "--period", "2025", "--limit", "1", "--home", str(sample_home.path)]
    assert "all, Derbyshire Constabulary, 2025-01-01" in CliRunner().invoke(load_app(), call).stdout.splitlines()[0]


def test_no_rows_of_uncovered_days_are_not_0(sample_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["trace", "searches", "--from", "2031-01-01", "--to", "2031-01-31", "--home", str(sample_home.path)]
    text = CliRunner().invoke(load_app(), call).stdout
    assert "Rows: searches, all: 0 rows\n\nFigure: not available" in text, "no empty table, and no sum"
    part = Part("numerator", "drug_finds", "all", Decimal(0), [])
    rate = Trail(FigureRequest("drug_find_rate", date(2025, 1, 31)), "m", "t", "percent", "f", "", None, [part, part])
    show_trail(rate, 1, {})
    assert capsys.readouterr().out.endswith("0 rows make 0\n\nFigure: not applicable: nothing to divide by\n")


def test_a_row_leads_back_to_the_figure(con: duckdb.DuckDBPyConnection) -> None:
    request = request_for_period(con, "possession_offences", None, "all", "force", None, None, "Oct 2025", None, None)
    again = request_for_period(con, "Possession offences", None, "all", "force", None, None, "2025-10", None, None)
    assert again == request, "by its title, and a month as `pam accept` names it"
    row = trace(con, request).parts[0].rows[0]
    assert (row[0], row[5].month) == ("crimes", 10)
    feeds = figures_from_file(con, row[1], row[2])
    assert [(f[0], f[1], f[4], f[6]) for f in feeds] == [("mart_drug_offences", "possession_offences", "2025-10", 1)]
    whole = figures_from_file(con, row[1])
    assert sum(f[6] for f in whole if f[1] == "possession_offences" and f[4] == "2025-10") == trace(con, request).value


def test_a_row_that_adds_to_no_figure_is_explained(week: Home) -> None:
    """Every stored row of the week that does not count, those of two files of one time that differ among them."""
    ends = Counter()
    with open_evidence(week) as con:
        loads = con.execute("select load_id, extract, source_file from work.raw.loads order by all").fetchall()
        for load, extract, file in loads:
            uncounted = con.execute(
                f"""
                select own._line, max_by(newer._source_file, newer._extracted_at)
                from work.raw.{extract} as own
                left join work.raw.{extract} as newer on own._key = newer._key and own._extracted_at < newer._extracted_at
                where own._load_id = '{load}' and own._line not in (
                    select line from work.staging.stg_{extract} where load_id = '{load}'
                )
                group by own._line
                """
            ).fetchall()
            in_quarantine = {}
            for path in (week.path / "quarantine" / extract).rglob(f"{load}*.parquet"):
                in_quarantine |= dict(con.execute(f"select _line, _reasons from '{path}'").fetchall())
            for line, newer in uncounted:
                told = why_no_figure(con, week, file, int(line))
                if line in in_quarantine:
                    ends["quarantined"] += 1
                    assert told == f"line {line} is in quarantine: {in_quarantine[line]}"
                else:
                    ends["replaced" if newer else "withdrawn"] += 1
                    why = f"{newer} has a newer version of it" if newer else "a newer file that covers its day lacks it"
                    assert told.startswith(f"line {line} counts no more: {why}")
            assert "is no stored row" in why_no_figure(con, week, file, 9999)
    assert ends.keys() == {"replaced", "withdrawn", "quarantined"}, ends


def test_a_row_that_counts_in_no_measure_is_explained(sample_home: Home, pam: Callable) -> None:
    with open_evidence(sample_home) as con:
        file, line = con.execute(
            "select _source_file, _line from work.raw.crimes where status = 'Cancelled' and offence_code like '92%' limit 1"
        ).fetchone()
        (published,) = con.execute("select source_file from work.raw.loads where extract = 'public_health' limit 1").fetchone()
    shown = pam("trace", "--file", file, "--line", line, "--home", sample_home.path)
    assert shown.exit_code == 0 and shown.stdout == f"No figure: line {line} counts, and what it says belongs to no measure\n"
    assert json.loads(pam("trace", "--file", file, "--line", line, "-f", "json", "--home", sample_home.path).stdout) == []
    assert "name a measure" in pam("trace", "--file", published, "--line", 2, "--home", sample_home.path).stdout


def test_a_cell_of_the_report_is_traced(con: duckdb.DuckDBPyConnection) -> None:
    request = request_for_cell(con, "offences/drug possession/rolling", None)
    assert trace(con, request).value == 2187
    assert request_for_cell(con, "offences/1/4", "2026-03") == request
    north = request_for_cell(con, "naloxone/North/administrations", None)
    assert (north.area_type, trace(con, north).value) == ("section", 10)


@pytest.mark.parametrize(
    ("cell", "now", "before", "value", "unit"),
    [
        ("offences/1/pct_change", 2187, 1649, "32.6", "percent"),
        ("offences/1/volume_change", 2187, 1649, "538.0", "count"),
        ("op_trapped/1/pct_change", 78, 22, "254.5", "percent"),
    ],
)
def test_a_change_is_traced_to_both_years(
    con: duckdb.DuckDBPyConnection, cell: str, now: int, before: int, value: str, unit: str
) -> None:
    change = trace_change(con, request_for_cell(con, cell, "2026-03"))
    assert (change.now.value, change.before.value) == (now, before)
    assert (len(change.now.parts[0].rows), len(change.before.parts[0].rows)) == (now, before)
    assert change.value is not None and (str(round(change.value, 1)), change.unit) == (value, unit)


def test_a_rate_changes_by_percentage_points_and_a_change_from_0_has_no_value(con: duckdb.DuckDBPyConnection) -> None:
    rate = trace_change(con, request_for_cell(con, "stop_search/2/pct_change", None))
    assert rate.unit == "percentage_points" and rate.value is not None and -4 < rate.value < -2
    assert [p.role for p in rate.before.parts] == ["numerator", "denominator"]
    none = trace_change(con, request_for_cell(con, "repeat_addresses/1/pct_change", None))
    assert none.value is None and none.why == "there is no change in per cent from 0"


def test_the_command_shows_the_change_and_both_counts(sample_home: Home) -> None:
    text = CliRunner().invoke(load_app(), ["trace", "--cell", "offences/1/pct_change", "--home", str(sample_home.path)]).output
    assert "2,187 rows make 2187" in text and "1,649 rows make 1649" in text
    assert text.rstrip().endswith("100 * (2187 - 1649) / 1649 = 32.6%")
    text = (
        CliRunner().invoke(load_app(), ["trace", "--cell", "offences/1/volume_change", "--home", str(sample_home.path)]).output
    )
    assert text.rstrip().endswith("2187 - 1649 = 538 count") and "\nChange, 2024-11-01 to" in text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        # Each gave a false figure or an untrue reason: 0, the whole year's.
        (
            lambda c: request_for_period(c, "possession_offences", None, "92d", "force", None, None, "2025", None, None),
            "has no figure of the category '92d'; is 92D meant?: there are 92C, 92D, 92E, all",
        ),
        (
            lambda c: request_for_period(c, "fpn_share", None, "all", "force", None, None, "2025", None, None),
            "fpn_share has no figure of the category 'all'",
        ),
        # A part of a rate, which no mart has.
        (
            lambda c: request_for_period(c, "arrests_to_test", None, "none", "force", None, None, None, *DAYS),
            "arrests_to_test has no figure of the category 'none'",
        ),
        (
            lambda c: request_for_period(c, "searches", None, "all", "force", None, None, "2025", date(2025, 6, 1), None),
            "say which days",
        ),
        (
            lambda c: request_for_period(c, "searches", None, "all", "force", None, None, None, *DAYS[::-1]),
            "the days end before they begin: 2025-01-02 to 2025-01-01",
        ),
        (
            lambda c: trace(
                c, request_for_period(c, "drug_misuse_deaths", None, "all", "force", None, None, "2021 - 23", None, None)
            ),
            "for the force: name an area with --area: there are Amber Valley (district), ",
        ),
        (
            lambda c: trace(
                c, request_for_period(c, "drug_misuse_deaths", None, "all", "district", "Derby", None, None, *DAYS)
            ),
            "for these days of Derby: there are 2018 - 20 (2018-01-01 to 2020-12-31), ",
        ),
        (lambda c: request_for_cell(c, "offences/9/rolling", None), "is not a cell of the report"),
        (lambda c: request_for_cell(c, "pspo/1/share", None), "does not apply"),
        (lambda c: figures_from_file(c, "nothing.csv"), "no file that the night knows is called nothing.csv: `pam query` on"),
        (lambda c: figures_from_file(c, "stop_search__derb"), "is called stop_search__derb; is stop_search__derbyshire__20"),
        (
            lambda c: request_for_period(c, "searches", None, "all", "force", None, None, "1999", None, None),
            "no period of this name",
        ),
        (
            lambda c: request_for_period(c, "searches", None, "all", "force", None, None, None, None, None),
            "say which days",
        ),
    ],
)
def test_requests_of_no_figure_are_refused(con: duckdb.DuckDBPyConnection, call: Any, message: str) -> None:
    with pytest.raises(TrailError, match=re.escape(message)):
        call(con)


def test_a_figure_is_found_by_its_month_and_one_that_others_publish_by_no_cell(con: duckdb.DuckDBPyConnection) -> None:
    october = request_for_period(con, "Possession Offences", None, "all", "force", None, None, "2025-10", None, None)
    assert (october.measure, october.first, october.last) == ("possession_offences", date(2025, 10, 1), date(2025, 10, 31))
    with pytest.raises(TrailError, match="others publish this figure: ask for it by measure, area and period"):
        request_for_cell(con, "public_health/1/drug_misuse_death_rate", None)


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (["positivity_rate", "--area", "Erewash", "--period", "Nov 2025"], "Figure: not applicable: nothing to divide by"),
        (["searches", "--area", "High Peak", "--period", "2025"], "all, High Peak, 2025-01-01 to 2025-12-31"),
        (["--cell", "repeat_addresses/1/pct_change"], ": not available: there is no change in per cent from 0"),
        (["--cell", "stop_search/2/pct_change"], "= -3.0 percentage points"),
        (["--cell", "offences/1/pct_change", "--format", "csv"], "\nthe year before: rows,possession_offences,"),
    ],
)
def test_the_command_shows(pam: Callable, sample_home: Home, call: list[str], shown: str) -> None:
    assert shown in pam("trace", *call, "--home", sample_home.path).stdout


def test_no_months_of_a_figure_that_others_publish_and_no_more_rows_than_there_are(pam: Callable, sample_home: Home) -> None:
    deaths = ["drug_misuse_deaths", "--area", "E10000007", "--area-type", "upper_tier", "--period", "2021 - 23"]
    result = pam("trace", *deaths, "--limit", "1", "--home", sample_home.path)
    assert "1 row makes" in result.stdout and "adds" not in result.stdout and "more:" not in result.stdout


def test_the_figure_of_the_year_before_is_its_own_formula(con: duckdb.DuckDBPyConnection, capsys: Any) -> None:
    change = trace_change(con, replace(request_for_cell(con, "offences/1/pct_change", None), shows="prior_value"))
    _show_change(replace(change, value=Decimal(1649)), "prior_value", 1, {}, {})
    assert capsys.readouterr().out.rstrip().endswith("against 2023-11-01 to 2024-10-31: 1649 = 1649 count")


def test_options_that_would_be_left_out_are_wrong_use(pam: Callable, sample_home: Home) -> None:
    for call in (["--file", ""], ["--cell", "", "--file", ""], ["searches", "--period", "2025", "--line", "2"],
                 ["--cell", "offences/1/rolling", "--area", "Erewash"], ["--file", "x.csv", "--period", "2025"],
                 ["searches", "--period", "2025", "--edition", "2026-03"]):  # fmt: skip
        assert pam("trace", *call, "--home", sample_home.path).exit_code == 2, call
    for option in ("--mart", "--category", "--area", "--area-type", "--period", "--from", "--to", "--force"):
        day = "2025-01-01" if option in ("--from", "--to") else "x"
        result = pam("trace", "--cell", "offences/1/rolling", option, day, "--home", sample_home.path)
        assert result.exit_code == 2 and f"for {option}: goes with a measure" in result.stderr, result.stderr


def test_a_program_gets_every_row_and_a_person_is_told_how_many_more_there_are(pam: Callable, sample_home: Home) -> None:
    call = ("trace", "possession_offences", "--period", "Oct 2025", "--home", sample_home.path)
    rows = json.loads(pam(*call, "--limit", 5, "-f", "json").stdout)
    shown = pam(*call, "--limit", 5).stdout
    assert f"\nRows: possession_offences, all: {len(rows):,} rows" in shown and len(rows) > 20
    assert f"\n{len(rows) - 5:,} more: --limit 0 shows all" in shown


def test_what_was_asked_for_is_on_record(pam: Callable, sample_home: Home) -> None:
    for asked in ({"cell": "offences/1/rolling"}, {"file": "x.csv", "line": 2}, {"night": "today", "measure": "x"}):
        words = [w for name, value in asked.items() for w in (["--", value] if name == "measure" else [f"--{name}", value])]
        pam("trace", "--why", "PAM", "--home", sample_home.path, *words)
        assert [*read_log(sample_home)][-1].facts == {"by": "pam trace", "why": "PAM", **asked}


def test_both_figures_of_a_change_say_why_they_have_no_rows(
    pam: Callable, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_day(_: object, __: Home, trail: Trail) -> dict[str, list[str]]:
        return {trail.parts[0].role: [f"none until {trail.request.last}"]}

    monkeypatch.setattr("dagster_project.cli.trace.missing_rows", last_day)
    text = pam("trace", "--cell", "repeat_addresses/1/pct_change", "--home", sample_home.path).stdout
    assert re.findall("none until .*", text) == ["none until 2025-10-31", "none until 2024-10-31"]


def test_nothing_published(new_home: Home) -> None:
    with pytest.raises(NotKeptError, match="no published night"), open_evidence(new_home):
        pass


def test_a_coverage_of_no_extract_is_named() -> None:
    """It ended in a KeyError."""
    with pytest.raises(TrailError, match="searches: coverage `stopsearch with lpu` names no extract"):
        contract_of({"measure": "searches", "coverage": "stopsearch with lpu"})
