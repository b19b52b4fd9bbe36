"""`pam topline`: shows the newest figures of some measures, against the year before."""

import sys
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from dagster_project.core.charts_fit_to_judge import SMALL, has_small_side, has_status_of_now
from dagster_project.core.files import new_file
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.project_lists import read_seed
from dagster_project.core.sql import one_row
from dagster_project.core.terminal_console import Console
from dagster_project.editions.windows import month_end
from dagster_project.reporting.pack.document_settings import document_settings
from dagster_project.reporting.pack.topline_document import write_topline
from dagster_project.reporting.pack.wording import day_in_words, format_number
from dagster_project.serving import connect, write_result
from dagster_project.serving.answer_workbook import write_sheet
from dagster_project.serving.recorded_access import can_record, record_disclosure
from dagster_project.serving.topline import COLUMNS, Line
from dagster_project.serving.topline import topline as read_lines

from .common import HOME, FormOption, HomeOption, ReasonOption, app, option
from .echo import echo
from .name_options import AreaOption, AreaTypeOption, ForceOption

MISSING, NOT_APPLICABLE, PARTIAL = "[x]", "[z]", "[p]"
NOT_AVAILABLE = "not available"
SAMPLE = "Sample: all figures are made up."
NOTES = (
    "Month: the latest complete one. Change: on the same month, or twelve months, a year before; pts: percentage points.",
    f"Where either count is under {SMALL}, the change is a number: a few events make a large percentage.",
    "[x] not available, never zero. [z] not applicable: nothing to divide by, nothing was counted, or a change by a status as"
    " it is now, which older ones have had longer to change. [p] provisional: files cover some of the days.",
    "Unusual: whether the month's point of its control chart is unusually high or low; too few: too few events or changes a"
    " month to tell; [z]: money, numbers on a day, statuses as they are now, and changes across a known one are not judged;"
    " [x]: not known.",
)
WRITERS = (".xlsx", ".docx")


@app.command()
def topline(
    measures: Annotated[
        list[str] | None,
        typer.Argument(
            help="Measures, such as possession_offences, 'Drug incidents', mart_mda_orders.orders. (default: headlines)",
            show_default=False,
        ),
    ] = None,
    area: AreaOption = None,
    area_type: AreaTypeOption = None,
    force: ForceOption = None,
    out: Annotated[Path | None, option("--out -o", "Write a workbook (.xlsx) or a document (.docx).")] = None,
    form: FormOption = "table",
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Show the latest complete month of each measure and the twelve months to it, against the year before.

    It also shows whether the twelve months are complete and the month is unusual. A figure that is not available is marked, and
    is never 0. The default is the headline measures of seeds/measure_list.csv; those with nothing to show are named below the
    table. The workbook, csv and json have them all.

    Example: pam topline

    Example: pam topline possession_offences drug_searches --area "Derby North"

    Example: pam topline --out topline.docx
    """
    if out is not None and out.suffix.lower() not in WRITERS:
        raise typer.BadParameter(f"{out} ends in none of {', '.join(WRITERS)}", param_hint="--out")
    with connect(home, reason, by="pam topline") as con:
        lines = read_lines(con, measures or (), area, area_type, force)
        night_id, started_at = one_row(con, "select night_id, started_at from meta.nights where finished_at is null")
    if out is not None:
        _write(home, out.expanduser().absolute(), lines, night_id, started_at, reason, all_lines=bool(measures))
        echo(str(out))
    elif form == "table":
        _show(*_split(lines, all_lines=bool(measures)), holds_made_up(home))
    else:
        made_up = holds_made_up(home)
        write_result([*COLUMNS, "is_made_up"], ([*astuple(line), made_up] for line in lines), form, sys.stdout)


def _split(lines: Sequence[Line], *, all_lines: bool) -> tuple[Sequence[Line], str]:
    """The lines to show, and a note on those left out: without a complete month or any of the twelve, unless `all_lines`."""
    shown = [line for line in lines if all_lines or line.month or line.twelve_months_status != "not_available"]
    left_out = [line.title for line in lines if line not in shown]
    if not shown or not left_out:
        return lines, ""
    return shown, f"Not available, and left out: {', '.join(left_out)}."


def _printed(line: Line) -> list[str]:
    """A line for a person, by the document's HEADER."""
    status = line.twelve_months_status
    mark = f" {PARTIAL}" if status == "partial" and line.twelve_months_value is not None else ""
    return [
        line.title,
        line.month or MISSING,
        _number(line.month_value, line.unit, NOT_APPLICABLE if line.month else MISSING),
        _year_before(line, "month"),
        _change(line, "month"),
        _number(line.twelve_months_value, line.unit, MISSING if status == "not_available" else NOT_APPLICABLE) + mark,
        _year_before(line, "twelve_months"),
        _change(line, "twelve_months"),
        {"complete": "yes", "partial": "in part"}.get(status, "no"),
        {"not known": MISSING, "not judged": NOT_APPLICABLE}.get(line.unusual) or line.unusual.removeprefix("unusually "),
    ]


def _year_before(line: Line, period: str) -> str:
    """The figure of the year before, marked where files cover only some of its days: then a complete one has no change."""
    value, before, change = (getattr(line, f"{period}_{name}") for name in ("value", "year_before", "change"))
    is_complete = period == "month" or line.twelve_months_status == "complete"
    is_partial = is_complete and change is None and None not in (value, before)
    return _number(before, line.unit) + (f" {PARTIAL}" if is_partial else "")


def _notes(lines: Sequence[Line]) -> list[str]:
    """What a reader must know of these lines. A number on a day is no total: that of the month is that of the twelve months."""
    on_a_day = {(m["mart"], m["measure"]) for m in read_seed("measure_list") if m["aggregation"] in ("stock", "last")}
    titles: dict[date, list[str]] = {}
    for line in lines:
        if line.month and (line.mart, line.measure) in on_a_day:
            first = datetime.strptime(line.month, "%b %Y")
            titles.setdefault(month_end(first.year, first.month), []).append(line.title)
    days = [f"{'; '.join(own)}: both figures are the last number up to {day_in_words(day)}." for day, own in titles.items()]
    return [*NOTES, *days]


def _number(value: Decimal | None, unit: str, none: str = MISSING) -> str:
    """`none`: in place of no figure."""
    return none if value is None else format_number(value, unit)


def _change(line: Line, period: str) -> str:
    """The change in per cent; for a rate, in percentage points; of small numbers, or from 0, the change itself."""
    if has_status_of_now(line.mart, line.measure, "all"):
        return NOT_APPLICABLE
    unit, names = line.unit, ("value", "year_before", "change", "pct_change")
    value, before, change, percent = (getattr(line, f"{period}_{name}") for name in names)
    if change is None:
        return MISSING
    if change == 0:
        return "0 pts" if unit == "percent" else "0"
    sign = "+" if change > 0 else ""
    if unit == "percent":
        return sign + _number(change, unit).replace("%", " pts")
    if percent is not None and not has_small_side(unit, value, before):
        return sign + _number(percent, "percent")
    return sign + _number(change, unit)


def _show(lines: Sequence[Line], left_out: str, made_up: bool) -> None:
    """Print the table for a terminal of 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=lines[0].area if lines else None,
                  title_justify="left")  # fmt: skip
    table.add_column("Measure")
    table.add_column("Month", no_wrap=True)
    for name in ("Value", "Change", "12 months", "Change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Unusual", no_wrap=True)
    for line in lines:
        title, month, value, _, change, year, _, year_change, _, unusual = _printed(line)
        table.add_row(title, month, value, change, year, year_change, unusual)
    console = Console(highlight=False)
    if made_up:
        console.print(SAMPLE)
    console.print(table)
    for note in filter(None, (left_out, *_notes(lines))):
        console.print(note, style="dim")


def _write(home: Home, path: Path, lines: Sequence[Line], night_id: str, at: datetime, reason: str, *, all_lines: bool) -> None:
    """Write the table to a file (0600), whole or not at all, and record it."""
    shown, left_out = _split(lines, all_lines=all_lines or path.suffix.lower() == ".xlsx")
    made_up = [SAMPLE] if holds_made_up(home) else []
    title = f"Topline: {lines[0].area}" if lines else "Topline"
    with new_file(path) as new:
        if path.suffix.lower() == ".xlsx":
            notes = " ".join(_notes(shown))
            about = {"Published night": night_id, "Notes": notes, **({"Sample": made_up[0]} if made_up else {})}
            cells = ([NOT_AVAILABLE if v in (None, "") else v for v in astuple(line)] for line in shown)
            write_sheet(COLUMNS, cells, new, about)
        else:
            form = document_settings(home if can_record(home) else None)
            below = [*([left_out] if left_out else []), *_notes(shown), f"Figures of the night {night_id}."]
            rows = [_printed(line) for line in shown]
            write_topline(new, form, title, rows, notes=below, notices=made_up, night_at=at)
        record_disclosure(home, reason, by="pam topline", what=f"topline, {len(shown)} measures", to=str(path))
