"""The claims of an edition: its printed figures and its statements, each with the figures of the marts that answer it, and
with what the report's other printed figures add to where they contradict it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.core.seeds import force_names, read_seed

from .asked_figures import Questions
from .model import Edition, EditionError, EditionFigure, Statement
from .printed import PrintedNumber, read_printed
from .windows import month_end

FIGURES = (
    "paragraph", "mart", "measure", "figure", "area_type", "area_name", "category", "period_label", "period_start",
    "period_end", "unit", "printed",
)  # fmt: skip
"""Columns that a file of printed figures must have; `kind` and `note` it may have."""
SAYS = ("paragraph", "mart", "measures", "says")
"""Columns that a file of statements must have; `note` it may have."""


class _Line(NamedTuple):
    number: int
    row: dict[str, str]


@dataclass(frozen=True)
class _Own:
    """A printed figure that others can be held against: value, and half of its last printed place."""

    value: Decimal
    slack: Decimal


@dataclass(frozen=True)
class _Conflict:
    """What printed figures add to, and the printed one that they do not make."""

    total: Decimal
    printed: Decimal


Key = tuple[str, str, str, str, str]
"""Mart, measure, kind of area, area, category."""


def ask_claims(asked: Questions, edition: Edition) -> None:
    """Add an edition's claims, and what answers them. Raises EditionError, with file and line."""
    known = {(k.paragraph, k.measure, k.printed): k.because for k in edition.known}
    figures = [_read_figure(edition, line) for line in claimed_lines(edition)]
    printed = _printed_values(figures)
    for number, (figure, said, row) in enumerate(figures, start=1):
        conflict = _months_conflict(figure, said, row["unit"], printed)
        asked.claims.append(
            (
                edition.edition, number, "figure", row["paragraph"], edition.force_code, figure.mart, figure.measure,
                row["figure"], figure.area_type, row["area_name"], figure.category, row["period_label"] or None,
                figure.from_day, figure.to_day, row["printed"], said.value, said.places, row["unit"] or None,
                asked.ask(edition.force_code, figure), known.pop((row["paragraph"], figure.measure, row["printed"]), None),
                row.get("note") or None, None, *_both(conflict),
            )
        )  # fmt: skip
    for number, (told, statement) in enumerate(_said(edition), start=len(figures) + 1):
        conflict = _sum_conflict(edition.force_code, statement, printed) if statement else None
        if statement:
            _ask_terms(asked, edition, number, statement)
        force = force_names().get(edition.force_code, edition.force_code)
        asked.claims.append(
            (
                edition.edition, number, "statement", told["paragraph"], edition.force_code, told["mart"], told["measures"],
                None, "force", force, None, None, None, None, None, None, Decimal(1), None, None,
                known.pop((told["paragraph"], told["measures"], told["says"]), None), told.get("note") or None,
                told["says"], *_both(conflict),
            )
        )  # fmt: skip

    if known:
        raise EditionError(f"{edition.edition}.yml: known: no claim is printed so: {'; '.join(map(str, known))}")


def _both(conflict: _Conflict | None) -> tuple[Decimal | None, Decimal | None]:
    return (conflict.total, conflict.printed) if conflict else (None, None)


def claimed_lines(edition: Edition) -> Iterator[_Line]:
    """The printed figures that an edition names, with their lines. Raises EditionError."""
    yield from _lines(edition.claims_path, edition.claims, FIGURES)


def _lines(path: Path | None, name: str | None, columns: tuple[str, ...]) -> Iterator[_Line]:
    """The rows of a file, with their lines."""
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EditionError(f"{name}: can't be read: {error}") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if lacking := [c for c in columns if c not in (reader.fieldnames or ())]:
            raise EditionError(f"{name}: line 1: has no column {', '.join(lacking)}")
        for row in reader:
            if None in row or None in row.values():
                raise EditionError(f"{name}: line {reader.line_num}: has not as many fields as the header")
            if bad := next((c for c, cell in row.items() if not is_printable(cell)), None):
                raise EditionError(f"{name}: line {reader.line_num}: {bad} {NOT_PRINTABLE}: write it without")
            yield _Line(reader.line_num, row)
    except csv.Error as error:
        raise EditionError(f"{name}: line {reader.line_num + 1}: not readable as CSV: {error}") from error


def _read_figure(edition: Edition, line: _Line) -> tuple[EditionFigure, PrintedNumber, dict[str, str]]:
    row = line.row
    try:
        if row.get("kind", "figure") != "figure":
            raise ValueError(f"kind {row['kind']!r}: this file has figures alone; statements have a file of their own (`says`)")
        said = read_printed(row["printed"], row["unit"])
        first, last = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
        figure = EditionFigure(
            mart=row["mart"], measure=row["measure"], area_type=row["area_type"], area_name=row["area_name"],
            category=row["category"], from_day=first, to_day=last, published=None if last else 0,
        )  # fmt: skip
    except ValueError as error:
        raise EditionError(f"{edition.claims}: line {line.number}: {error}") from error
    return figure, said, row


def _said(edition: Edition) -> Iterator[tuple[Mapping[str, str], Statement | None]]:
    """What the report says, and how it is tested: None where the edition does not say. An edition without a file of them says
    what its statements say."""
    tests = {(s.paragraph, s.says): s for s in edition.statements}
    if edition.says_path is None:
        for statement in edition.statements:
            whole = statement.whole(statement.groups[0])
            yield (
                {"paragraph": statement.paragraph, "says": statement.says, "mart": whole.mart, "measures": whole.measure},
                statement,
            )
        return
    for line in _lines(edition.says_path, edition.says, SAYS):
        yield line.row, tests.pop((line.row["paragraph"], line.row["says"]), None)
    if tests:
        raise EditionError(
            f"{edition.edition}.yml: statements: {edition.says} has no line that says so: "
            + "; ".join(f"{paragraph} {says}" for paragraph, says in tests)
        )


def _ask_terms(asked: Questions, edition: Edition, number: int, statement: Statement) -> None:
    for group_no, group in enumerate(statement.groups, start=1):
        terms = [("whole", statement.whole(group)), *(("part", p) for p in statement.parts(group))]
        asked.terms += [
            (
                edition.edition, number, statement.form, group_no, role, group.amount, asked.ask(edition.force_code, figure),
                figure.shows, group.within,
            )
            for role, figure in terms
        ]  # fmt: skip


Printeds = dict[tuple[Key, date | None, date | None], _Own]


def _key(figure: EditionFigure, area: str) -> Key:
    return figure.mart, figure.measure, figure.area_type, area, figure.category


def _printed_values(figures: list[tuple[EditionFigure, PrintedNumber, dict[str, str]]]) -> Printeds:
    """Printed values by what they are of; where one is printed twice, the first."""
    found: Printeds = {}
    for figure, said, row in figures:
        if row["figure"] == "value" and said.value is not None:
            at = (_key(figure, row["area_name"]), figure.from_day, figure.to_day)
            found.setdefault(at, _Own(said.value, Decimal("0.5") / said.places))
    return found


@cache
def _adding() -> frozenset[tuple[str, str]]:
    """Measures whose months add to a year: counts and money."""
    return frozenset((m["mart"], m["measure"]) for m in read_seed("measure_list") if m["aggregation"] == "sum")


def _months_conflict(figure: EditionFigure, said: PrintedNumber, unit: str, printed: Printeds) -> _Conflict | None:
    """Where a figure is printed for a run of months and for each of them, and these do not add to it."""
    if said.value is None or (figure.mart, figure.measure) not in _adding() or not (figure.from_day and figure.to_day):
        return None
    key = _key(figure, str(figure.area_name))
    months = [printed.get((key, first, last)) for first, last in _months(figure.from_day, figure.to_day)]
    if len(months) < 2 or any(m is None for m in months):
        return None
    own = [m for m in months if m is not None]
    total = sum((m.value for m in own), Decimal(0))
    # Counts are printed as they are: only of other figures was something rounded off.
    slack = Decimal(0) if unit == "count" else sum((m.slack for m in own), Decimal("0.5") / said.places)
    return _Conflict(total, said.value) if abs(total - said.value) > slack else None


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The months of a run of whole months; none of another run."""
    if first.day != 1 or last != month_end(last.year, last.month):
        return
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield date(number // 12, number % 12 + 1, 1), month_end(number // 12, number % 12 + 1)


def _sum_conflict(force: str, statement: Statement, printed: Printeds) -> _Conflict | None:
    """Where the report prints a whole and its parts, says that they add up, and they do not."""
    if statement.form != "adds_up":
        return None
    name = force_names().get(force, force)
    for group in statement.groups:
        terms = [statement.whole(group), *statement.parts(group)]
        found = [printed.get((_key(t, t.area_name or name), t.from_day, t.to_day)) for t in terms]
        own = [f for f in found if f is not None]
        if len(own) != len(terms):
            continue
        whole, *parts = own
        total = sum((p.value for p in parts), Decimal(0))
        if abs(total - whole.value) > Decimal(str(group.within)):
            return _Conflict(total, whole.value)
    return None
