"""From a figure to its source rows, and back."""

import sys
from datetime import date
from typing import Annotated, Any

import typer

from dagster_project.core.home import Home

from .common import HomeOption, ReasonOption, app, check_form, explained
from .echo import echo


def _option(name: str, said: str) -> Any:
    return typer.Option(name, help=said, show_default=False)


Text = str | None


@app.command()
def trace(
    measure: Annotated[Text, typer.Argument(help="The measure, such as possession_offences.")] = None,
    mart: Annotated[Text, _option("--mart", "The mart, where several have the measure.")] = None,
    category: Annotated[str, typer.Option("--category", help="The category.")] = "all",
    area: Annotated[Text, _option("--area", "Area, by name or code. (default: the force)")] = None,
    area_type: Annotated[
        Text, _option("--area-type", "Kind of --area: section, district, upper_tier... (default: lpu)")
    ] = None,
    period: Annotated[Text, _option("--period", "A period's label, such as 2024/25 or 'Oct 2025'.")] = None,
    first: Annotated[Text, _option("--from", "First day, YYYY-MM-DD, in place of --period.")] = None,
    last: Annotated[Text, _option("--to", "Last day, YYYY-MM-DD.")] = None,
    force: Annotated[Text, _option("--force", "Force, where there are several.")] = None,
    cell: Annotated[Text, _option("--cell", "A cell of the report: table/row/column, such as offences/1/rolling.")] = None,
    edition: Annotated[Text, _option("--edition", "The cell's edition. (default: the newest)")] = None,
    file: Annotated[Text, _option("--file", "The other way: which figures a source file feeds.")] = None,
    line: Annotated[int | None, _option("--line", "With --file: only the row on this line.")] = None,
    night: Annotated[Text, _option("--night", "A kept night, by its id. (default: what is published)")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows to show in a table; 0 shows all.", min=0)] = 20,
    form: Annotated[str, typer.Option("--format", "-f", help="table, csv or json: the rows alone, all of them.")] = "table",
    reason: ReasonOption = "",
    home: HomeOption = None,
) -> None:
    """Show what a figure is made of: its formula, what each month adds, and every source row by file, line, load and night.

    Example: pam trace possession_offences --period 2024/25

    Example: pam trace --cell stop_search/2/rolling --format csv > rows.csv

    Example: pam trace possession_offences --period 2024/25 --night 20260126T020000Z

    Example: pam trace --file crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.csv --line 17
    """
    from dagster_project.serving import consulted, write_result
    from dagster_project.serving import trace as trail
    from dagster_project.serving.trace_change import CHANGES, trace_change

    check_form(form)
    if sum(x is not None for x in (measure, cell, file)) != 1:
        raise typer.BadParameter("name a measure, a --cell or a --file: one of the three")
    where = Home.of(home)
    with explained(), trail.opened_trail(where, night) as con:
        consulted(where, reason, by="pam trace", measure=measure, cell=cell, file=file, line=line, night=night)
        if file:
            rows = trail.feeds(con, file, line)
            write_result(["mart", "measure", "category", "unit", "month", "rows", "amount"], rows, form, sys.stdout)
            return
        if cell:
            asked = trail.of_cell(con, cell, edition)
        else:
            asked = trail.of_period(con, str(measure), mart, category, area_type or ("lpu" if area else "force"), area, force,
                                    period, _day(first, "--from"), _day(last, "--to"))  # fmt: skip
        if asked.shows in CHANGES:
            change = trace_change(con, asked)
            if form == "table":
                _show_change(change, asked.shows, limit)
                return
            sides = (("", change.now), ("the year before: ", change.before))
            rows = [(f"{side}{p.role}", p.measure, *row) for side, t in sides for p in t.parts for row in p.rows]
            write_result(["part", "measure", *trail.COLUMNS], rows, form, sys.stdout)
            return
        found = trail.trace(con, asked)
        if form != "table":
            rows = [(part.role, part.measure, *row) for part in found.parts for row in part.rows]
            write_result(["part", "measure", *trail.COLUMNS], rows, form, sys.stdout)
            return
        _show(found, limit)


def _day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date (YYYY-MM-DD)", param_hint=option) from error


SHOWN = {"prior_value": "The year before", "volume_change": "Change", "pct_change": "Change in per cent"}


def _show_change(change: Any, shows: str, limit: int) -> None:
    """A change for a person: both figures with their rows, then the change."""
    from dagster_project.serving import plain_text

    _show(change.now, limit)
    echo("\nThe year before:\n")
    _show(change.before, limit)
    said = f"\n{SHOWN[shows]}, {_when(change.now.asked)} against {_when(change.before.asked)}: "
    if change.value is None:
        echo(f"{said}not available: {change.why}")
        return
    now, before = (plain_text(None if t.value is None else round(t.value, 10)) for t in (change.now, change.before))
    how = {"prior_value": before, "volume_change": f"{now} - {before}", "pct_change": f"100 * ({now} - {before}) / {before}"}
    sign = "%" if change.unit == "percent" else f" {change.unit.replace('_', ' ')}"
    places = 1 if change.unit in ("percent", "percentage_points") else 2
    number = format(round(change.value, 1), "f") if places == 1 else plain_text(round(change.value, 2))
    echo(f"{said}{how[shows]} = {number}{sign}")


def _when(asked: Any) -> str:
    return f"{asked.first or 'the beginning'} to {asked.last}"


def _show(found: Any, limit: int) -> None:
    """A trail for a person: what was asked, how it is made, what each month adds, the rows."""
    from dagster_project.serving import plain_text, write_result
    from dagster_project.serving.trace import COLUMNS

    asked = found.asked
    where = asked.area_name or asked.force_code or "the force"
    echo(f"{found.title} ({found.mart}.{asked.measure}), {asked.category}, {where}, {_when(asked)}")
    echo(f"{found.words}.")
    for part in found.parts:
        echo(
            f"\n{part.role.capitalize()}: {part.measure}, {part.category}: {len(part.rows):,} rows make"
            f" {plain_text(part.amount)}"
        )
        if part.rows and found.aggregation != "published":
            write_result(["month", "rows", "adds"], part.months(), "table", sys.stdout)
        if part.erased:
            echo("The rows of these months were erased, as their time was over. What they add to is kept, as of a night:")
            write_result(["month", "file", "night", "adds"], part.erased, "table", sys.stdout)
            if not part.rows:
                continue
        shown = part.rows[: limit or None]
        write_result(COLUMNS, shown, "table", sys.stdout)
        if len(shown) < len(part.rows):
            echo(f"{len(part.rows) - len(shown):,} more: --limit 0 shows all, --format csv writes them")
    value = found.value
    echo(f"\n{plain_text(None if value is None else round(value, 10)) or 'not available'} {found.unit}")
    if found.lost:
        echo(
            f"The night published {plain_text(found.published)}. Rows of these files were erased since, as their time was over:"
            f" {', '.join(found.lost)}"
        )
    for measure, month, why in found.accepted:
        echo(f"{month} of {measure} is far from the year before, and was accepted: {why}")
