"""Shows a drafted mapping at the terminal. Of the file's rows it shows only the reasons of quarantined ones."""

from rich import box
from rich.table import Table
from rich.text import Text

from dagster_project.core.plurals import counted
from dagster_project.core.terminal_console import Console
from dagster_project.landing.rows.parse_values import MONTH_ALONE
from dagster_project.landing.storage.quarantine_export import describe_problems
from dagster_project.reporting.pack.wording import format_number

from .columns import Drafted, label_of
from .draft import Draft
from .try_mapping import Preview, YearFigure


def show_draft(draft: Draft) -> None:
    """Print the draft: the table, the columns, and what is left to decide."""
    console = Console()
    place = f", sheet {draft.table.sheet}" if draft.table.sheet else ""
    _say(console, f"{draft.path.name}: {draft.contract.extract} of {draft.force or 'an unknown force (give --force)'}{place},"
                  f" header in row {draft.table.header_row}, {counted(draft.rows, 'row')}")  # fmt: skip
    if draft.extra_rows:
        _say(console, f"{draft.extra_rows} more {'row is no record' if draft.extra_rows == 1 else 'rows are no records'}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("column", "header", "why", "to do"):
        table.add_column(name, overflow="fold")
    likely, unfit, months = draft.likely, draft.unfit, draft.months
    for drafted in draft.columns:
        name, is_choice = drafted.column.name, drafted.column.type == "choice"
        undecided = sum(c.target is None for c in draft.codes.get(name, ())) if is_choice else 0
        to_do = [f"check: {c}" for c in drafted.checks]
        to_do += [f"decide: {counted(undecided, 'code')}"] if undecided else []
        if name in unfit:
            to_do = [f"decide: perhaps '{unfit[name]}', but not all of its cells fit"]
        elif name in months:
            to_do = [f"decide: '{months[name]}' says {MONTH_ALONE}"]
        elif drafted.source is None:
            perhaps = f"; perhaps '{likely[name]}'" if name in likely else ""
            to_do = [f"decide: required, but no header matches{perhaps}"] if drafted.column.required else []
        header = label_of(drafted.source) if drafted.source else "-"
        table.add_row(*(Text(t) for t in (name, header, drafted.why, "; ".join(to_do))), style=_style(drafted, to_do))
    console.print(table)
    if draft.not_stored:
        _say(console, f"Not stored: {', '.join(draft.not_stored)}")
    for point in draft.open_points:
        _say(console, f"Decide: {point}", "yellow")
    for check in [*draft.checks, *([f"files: {draft.name.doubt}"] if draft.name and draft.name.doubt else [])]:
        _say(console, f"Check: {check}", "yellow")


def _style(drafted: Drafted, to_do: list[str]) -> str:
    if any(t.startswith("decide") for t in to_do):
        return "yellow"
    return "dim" if drafted.source is None else ""


def show_preview(result: Preview) -> None:
    """Print the result of landing, the first problems, and the figures by measure and year."""
    console = Console()
    entry = result.entry
    reason = f": {entry.reason}" if entry.reason else ""
    style = "green" if entry.outcome == "accepted" else "yellow"
    _say(console, f"With this mapping the file would be {entry.outcome}{reason}", style)
    if entry.rows_in_file is not None and entry.outcome != "refused":
        _say(console, f"{counted(entry.rows_in_file, 'row')}: {entry.rows_landed:,} land, {entry.rows_quarantined:,} in"
                      f" quarantine, {counted(entry.rows_duplicate or 0, 'repeat')} of another")  # fmt: skip
    if result.problems:
        _say(console, "First problems")
        for problem in describe_problems(result.problems):
            _say(console, f"  {problem}")
    if not result.figures:
        _say(console, f"No figures: {result.why_none}")
        return
    rows, years = by_year(result.figures)
    table = Table(
        "measure", *years, box=box.SIMPLE_HEAD, pad_edge=False, title="Figures of this file alone", title_justify="left"
    )
    for title, values in rows:
        table.add_row(title, *values)
    console.print(table)


def by_year(figures: list[YearFigure]) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Each measure's title with its figures as text, by year, and the years."""
    years = sorted({f.year for f in figures})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for figure in figures:
        rows.setdefault((figure.measure, figure.title), {})[figure.year] = _figure_text(figure)
    return [(title, [values.get(y, "not available") for y in years]) for (_, title), values in rows.items()], years


def _figure_text(figure: YearFigure) -> str:
    """A figure as the report prints it: `1,203`, or `87.5% (partial)`."""
    value = "none" if figure.value is None else format_number(figure.value, figure.unit)
    return value if figure.status == "complete" else f"{value} ({figure.status})"


def _say(console: Console, text: str, style: str = "") -> None:
    """Print a line, broken between words on a terminal."""
    console.print(Text(text, style=style), soft_wrap=not console.is_terminal)
