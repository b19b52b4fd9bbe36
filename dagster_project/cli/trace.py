"""`pam trace`: goes from a figure to its source rows, and back."""

import sys
from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer
from duckdb import DuckDBPyConnection

from dagster_project.core.cell_text import plain_text, rounded_text
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.project_lists import force_names
from dagster_project.reporting.pack.wording import format_number
from dagster_project.serving import record_consultation, write_result
from dagster_project.serving.figures_of_file import COLUMNS as FIGURE_COLUMNS
from dagster_project.serving.figures_of_file import figures_from_file, why_no_figure
from dagster_project.serving.trace import COLUMNS, Part, Trail, open_evidence
from dagster_project.serving.trace import trace as trace_figure
from dagster_project.serving.trace_change import CHANGES, Change, trace_change
from dagster_project.serving.trace_request import FigureRequest, request_for_cell, request_for_period
from dagster_project.serving.trace_why_no_rows import missing_rows

from .common import HOME, Form, HomeOption, ReasonOption, app, day_option, option
from .echo import echo
from .name_options import AreaOption, AreaTypeOption, ForceOption, MartOption


@app.command()
def trace(
    measure: Annotated[str | None, typer.Argument(help="The measure: its name, title or mart.measure.")] = None,
    mart: MartOption = None,
    category: Annotated[str, typer.Option("--category", help="The category.")] = "all",
    area: AreaOption = None,
    area_type: AreaTypeOption = None,
    period: Annotated[str | None, option("--period", "A period's label, such as 2024/25 or 'Oct 2025'.")] = None,
    first: Annotated[date | None, day_option("--from", "First day, in place of --period.")] = None,
    last: Annotated[date | None, day_option("--to", "Last day.")] = None,
    force: ForceOption = None,
    cell: Annotated[str | None, option("--cell", "A cell of the report: table/row/column, such as offences/1/rolling.")] = None,
    edition: Annotated[str | None, option("--edition", "The cell's edition. (default: the newest)")] = None,
    file: Annotated[str | None, option("--file", "The other way: which figures a source file adds to.")] = None,
    line: Annotated[int | None, option("--line", "With --file: only the row on this line.")] = None,
    night: Annotated[str | None, option("--night", "A kept night, by its id. (default: what is published)")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows to show in a table; 0 shows all.", min=0)] = 20,
    form: Annotated[Form, typer.Option("--format", "-f", help="table, csv or json: the rows alone, all of them.")] = "table",
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Show how a figure is made: its formula, what each month adds, and every source row by file, line, load and night.

    Example: pam trace possession_offences --period 2024/25

    Example: pam trace --cell stop_search/2/rolling --format csv > rows.csv

    Example: pam trace possession_offences --period 2024/25 --night 20260126T020000Z

    Example: pam trace --file crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.csv --line 17
    """
    of_measure = {
        "--mart": mart, "--category": None if category == "all" else category, "--area": area, "--area-type": area_type,
        "--period": period, "--from": first, "--to": last, "--force": force,
    }  # fmt: skip
    _check_use(measure, cell, file, line, edition, of_measure)
    with open_evidence(home, night) as con:
        record_consultation(home, reason, by="pam trace", measure=measure, cell=cell, file=file, line=line, night=night)
        if file:
            _show_file(con, home, file, line, form)
        elif cell:
            _show_figure(con, home, request_for_cell(con, cell, edition), limit, form)
        else:
            request = request_for_period(con, str(measure), mart, category, area_type, area, force, period, first, last)
            _show_figure(con, home, request, limit, form)


def _check_use(
    measure: str | None,
    cell: str | None,
    file: str | None,
    line: int | None,
    edition: str | None,
    of_measure: Mapping[str, object],
) -> None:
    """Raise BadParameter for options that do not go together. `of_measure`: those that go with a measure."""
    if sum(map(bool, (measure, cell, file))) != 1:
        raise typer.BadParameter("name a measure, a --cell or a --file: one of the three")
    if line is not None and not file:
        raise typer.BadParameter("goes with --file", param_hint="--line")
    if not measure and (name := next((x for x, value in of_measure.items() if value is not None), None)):
        raise typer.BadParameter("goes with a measure: a cell and a file say by themselves which figures", param_hint=name)
    if edition is not None and not cell:
        raise typer.BadParameter("goes with --cell", param_hint="--edition")


def _show_file(con: DuckDBPyConnection, home: Home, file: str, line: int | None, form: Form) -> None:
    """Print what a source file, or a row of it, adds to, or why it adds to nothing."""
    figures = figures_from_file(con, file, line)
    if not figures and line is not None and form == "table":
        echo(f"No figure: {why_no_figure(con, home, file, line)}")
    else:
        write_result(FIGURE_COLUMNS, figures, form, sys.stdout)


def _show_figure(con: DuckDBPyConnection, home: Home, request: FigureRequest, limit: int, form: Form) -> None:
    """Print how a figure or a change is made, or in other formats than `table` its rows alone."""
    change = trace_change(con, request) if request.shows in CHANGES else None
    trails = {"": change.now, "the year before: ": change.before} if change else {"": trace_figure(con, request)}
    if form != "table":
        rows = [(f"{side}{p.role}", p.measure, *row) for side, t in trails.items() for p in t.parts for row in p.rows]
        write_result(["part", "measure", *COLUMNS], rows, form, sys.stdout)
        for trail in trails.values():
            if trail.erased_files:
                echo(f"pam: this list lacks rows. {_erased_words(trail)}", err=True)
    elif change:
        missing = [missing_rows(con, home, t) for t in (change.now, change.before)]
        _show_change(change, request.shows, limit, *missing)
    else:
        _show(trails[""], limit, missing_rows(con, home, trails[""]))


CHANGE_TITLES = {"prior_value": "The year before", "volume_change": "Change", "pct_change": "Change in per cent"}


def _show_change(
    change: Change, shows: str, limit: int, missing_now: dict[str, list[str]], missing_before: dict[str, list[str]]
) -> None:
    """Print both figures with their rows, then the change."""
    _show(change.now, limit, missing_now)
    echo("\nThe year before:\n")
    _show(change.before, limit, missing_before)
    sentence = f"\n{CHANGE_TITLES[shows]}, {_days(change.now.request)} against {_days(change.before.request)}: "
    if change.value is None:
        echo(f"{sentence}not available: {change.why}")
        return
    value_now, value_before = (plain_text(None if t.value is None else round(t.value, 10)) for t in (change.now, change.before))
    formulas = {
        "prior_value": value_before,
        "volume_change": f"{value_now} - {value_before}",
        "pct_change": f"100 * ({value_now} - {value_before}) / {value_before}",
    }
    sign = "%" if change.unit == "percent" else f" {change.unit.replace('_', ' ')}"
    is_percent = change.unit in ("percent", "percentage_points")
    number = format_number(change.value, None, 1) if is_percent else rounded_text(change.value)
    echo(f"{sentence}{formulas[shows]} = {number}{sign}")


def _erased_words(trail: Trail) -> str:
    return f"Rows of these files were erased later, at the end of their retention: {', '.join(trail.erased_files)}"


def _days(request: FigureRequest) -> str:
    return f"{request.first or 'the beginning'} to {request.last}"


def _show(trail: Trail, limit: int, missing: dict[str, list[str]]) -> None:
    """Print a figure: which it is, its formula, what each month adds, its rows. `missing`: why a part has none, by its role."""
    request = trail.request
    force = request.force_code or ""
    area = request.area_name or force_names().get(force, force) or "the force"
    echo(f"{trail.title} ({trail.mart}.{request.measure}), {request.category}, {area}, {_days(request)}")
    echo(f"{trail.formula}.")
    for part in trail.parts:
        _show_part(part, trail, limit, missing.get(part.role, []))
    echo(f"\nFigure: {_figure_words(trail)}")
    if trail.erased_files:
        echo(("It is as the night published it. " if trail.value is not None else "") + _erased_words(trail))
    for measure, month, why in trail.accepted:
        echo(f"{month} of {measure} is far from the mean of the twelve months before, and was accepted: {why}")


def _show_part(part: Part, trail: Trail, limit: int, why_missing: list[str]) -> None:
    """Print a part of a figure: its sum, what each month adds, what is kept of erased rows, and its rows."""
    # Of days that no file covers, no rows are not 0.
    is_missing = part.amount is None or (not part.rows and not part.erased and trail.data_status == "not_available")
    makes = "" if is_missing else f" {'makes' if len(part.rows) == 1 else 'make'} {plain_text(part.amount)}"
    left = " left" if trail.erased_files else ""
    echo(f"\n{part.role.capitalize()}: {part.measure}, {part.category}: {counted(len(part.rows), 'row')}{left}{makes}")
    for sentence in why_missing:
        echo(sentence)
    if part.rows and trail.aggregation != "published":
        write_result(["month", "rows", "adds"], part.months(), "table", sys.stdout)
    if part.erased:
        echo("The rows of these months were erased at the end of their retention. Their totals are kept, as of a night:")
        write_result(["month", "file", "night", "adds"], part.erased, "table", sys.stdout)
    shown = part.rows[: limit or None]
    if shown:
        write_result(COLUMNS, shown, "table", sys.stdout)
    if len(shown) < len(part.rows):
        echo(f"{len(part.rows) - len(shown):,} more: --limit 0 shows all, --format csv writes them")


def _figure_words(trail: Trail) -> str:
    """The figure, or why there is none, and how far files cover its days."""
    if trail.value is not None:
        figure = f"{plain_text(round(trail.value, 10))} ({trail.unit})"
    elif trail.data_status == "not_available":
        figure = "not available"
    else:
        figure = "not applicable: " + ("nothing to divide by" if len(trail.parts) > 1 else "nothing was counted in these days")
    covered = {
        "not_available": ": no accepted file has it for these days",
        "partial": ", provisional: files cover only part of its days",
    }
    if trail.is_split:
        covered["not_available"] = ": it takes a part of a month whose rows were erased: only the whole month's total is kept"
    if trail.erased_files:
        covered["not_available"] = ": rows of these days were erased later, and the night published no figure of them"
    return figure + covered.get(trail.data_status, "")
