"""Writes the tables that dbt reads of the editions: the figures that they need, their claims and their cells.

A claim that the report's other printed figures contradict also gets what those add up to.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from pydantic import ValidationError

from dagster_project.core.files import read_written
from dagster_project.core.home import Home
from dagster_project.core.home_lists import areas_of_force, is_emptied
from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.raw_table_columns import columns_of, make_raw_table, named_row
from dagster_project.core.validation_errors import faults_of

from .frozen import frozen_paths, read_frozen_cells
from .model import Edition, EditionError, EditionFigure, Statement
from .read_printed_numbers import PrintedNumber, fault_of_printed, read_printed
from .tables import EVERY
from .windows import month_days, month_end, month_number, years_before

FIGURES = (
    "paragraph", "mart", "measure", "figure", "area_type", "area_name", "category", "period_label", "period_start",
    "period_end", "unit", "printed",
)  # fmt: skip
"""Columns that a file of printed figures must have; `kind` and `note` are optional."""
STATEMENTS = ("paragraph", "mart", "measures", "says")
"""Columns that a file of statements must have; `note` is optional."""


@dataclass
class RequestedFigures:
    """Figures -> id (`raw.asked`), and the rows of `raw.claims`, `raw.statement_terms`, `raw.report_tables` and
    `raw.report_cells`, by column."""

    figures: dict[tuple[Any, ...], str] = field(default_factory=dict)
    claims: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)

    def figure_id(self, force: str, figure: EditionFigure) -> str:
        """A figure's id. The same figure always has the same id."""
        area = figure.area_name or (force_names().get(force, force) if figure.area_type == "force" else EVERY)
        key = (
            force, figure.mart, figure.measure, figure.category, figure.area_type, area, figure.from_day, figure.to_day,
            years_before(figure.from_day), years_before(figure.to_day), figure.published,
        )  # fmt: skip
        return self.figures.setdefault(key, f"f{len(self.figures) + 1}")


_Line = tuple[int, dict[str, str]]
"""A row of a file, and the number of its line."""
_Conflict = tuple[Decimal | None, Decimal | None]
"""What printed figures add up to, and the printed total that differs; `_NONE` where they agree."""
_NONE = (None, None)
_Key = tuple[str, str, str, str, str, date | None, date | None]
"""Mart, measure, kind of area, area, category, first and last day."""
PrintedValues = dict[_Key, tuple[Decimal, Decimal]]
"""Printed figures to compare others with: value, and how far it may be rounded."""


def write_frozen_figures(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make `raw.frozen`: every figure of every frozen edition, once. Raises HomeListError."""
    make_raw_table(con, "frozen", ())
    if paths := frozen_paths(home):
        read_frozen_cells(con, paths, lambda force: _units_of(home, force))
        con.execute(
            f"insert into raw.frozen select distinct {', '.join(columns_of('frozen'))} from frozen_cells"
            " where value is not null and period_end is not null"
        )


def _units_of(home: Home, force: str) -> set[tuple[str, ...]]:
    """A force's sections and units: force, kind, code and name."""
    areas = areas_of_force(home, force)
    return {(force, kind, area[f"{kind}_code"], area[f"{kind}_name"]) for area in areas for kind in ("section", "lpu")}


def write_edition_tables(con: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """Make the tables that dbt reads of the editions: `raw.asked`, `raw.claims`, `raw.statement_terms`, `raw.report_tables` and
    `raw.report_cells`. Raises EditionError."""
    requested = requested_by(editions)
    make_raw_table(con, "asked", [(figure_id, *key) for key, figure_id in requested.figures.items()])
    for table, rows in (
        ("claims", requested.claims), ("statement_terms", requested.terms), ("report_tables", requested.tables),
        ("report_cells", requested.cells),
    ):  # fmt: skip
        make_raw_table(con, table, [tuple(row.values()) for row in rows])


def requested_by(editions: Iterable[Edition]) -> RequestedFigures:
    """Everything that the editions need. Raises EditionError for printed figures that can't be read."""
    requested = RequestedFigures()
    for edition in editions:
        _add_claims(requested, edition)
        _add_tables(requested, edition)
    return requested


def _add_tables(requested: RequestedFigures, edition: Edition) -> None:
    for table_no, table in enumerate(edition.tables, start=1):
        requested.tables.append(
            named_row(
                "report_tables", edition=edition.edition, table_no=table_no, table_name=table.table, kind=table.kind,
                chart=table.chart, objective=table.objective, paragraph=table.paragraph, title=table.title,
                rows_are=table.rows_are, data_to=table.data_to or edition.data_to, notes="\n".join(table.notes) or None,
            )
        )  # fmt: skip
        for cell in edition.cells(table):
            fields = dict(cell.fields or {})
            shows, decimals = fields.pop("shows", "value"), fields.pop("decimals", None)
            cut, sign = fields.pop("cut", False), fields.pop("sign", None)
            figure_id = None
            if cell.days:
                days = cell.days
                figure = EditionFigure(**fields, from_day=days.first, to_day=days.last, published=days.published)
                figure_id = requested.figure_id(edition.force_code, figure)
            requested.cells.append(
                named_row(
                    "report_cells", edition=edition.edition, table_name=table.table, row_no=cell.row_no,
                    row_label=cell.row_label, column_no=cell.column_no, column_name=cell.column.name,
                    column_label=cell.column_label,
                    window_label=cell.days.label if cell.days else None, shows=shows, decimals=decimals, asked_id=figure_id,
                    is_cut=cut, sign=sign,
                )
            )  # fmt: skip


def _add_claims(requested: RequestedFigures, edition: Edition) -> None:
    """Add an edition's claims, and the figures to compare them with. Raises EditionError with file and line."""
    known = {(k.paragraph, k.measure, k.printed): k.because for k in edition.known}
    figures = [_read_figure(edition, line) for line in claimed_lines(edition)]
    printed = _printed_values(figures)
    claim = partial(named_row, "claims", edition=edition.edition, force_code=edition.force_code)
    for number, (figure, value, row) in enumerate(figures, start=1):
        own_total, own_printed = _months_conflict(figure, value, row["unit"], printed)
        requested.claims.append(
            claim(
                claim_no=number, kind="figure", paragraph=row["paragraph"], mart=figure.mart, measure=figure.measure,
                figure=row["figure"], area_type=figure.area_type, area_name=row["area_name"], category=figure.category,
                period_label=row["period_label"] or None, from_day=figure.from_day, to_day=figure.to_day,
                printed=row["printed"], printed_value=value.value, printed_places=value.places, unit=row["unit"] or None,
                asked_id=requested.figure_id(edition.force_code, figure),
                known_reason=known.pop((row["paragraph"], figure.measure, row["printed"]), None),
                note=row.get("note") or None, own_total=own_total, own_printed=own_printed,
            )
        )  # fmt: skip
    for number, (line, statement) in enumerate(_read_statements(edition), start=len(figures) + 1):
        own_total, own_printed = _sum_conflict(edition.force_code, statement, printed) if statement else _NONE
        if statement:
            _add_terms(requested, edition, number, statement)
        requested.claims.append(
            claim(
                claim_no=number, kind="statement", paragraph=line["paragraph"], mart=line["mart"], measure=line["measures"],
                area_type="force", area_name=force_names().get(edition.force_code, edition.force_code),
                printed_places=Decimal(1), known_reason=known.pop((line["paragraph"], line["measures"], line["says"]), None),
                note=line.get("note") or None, says=line["says"], own_total=own_total, own_printed=own_printed,
            )
        )  # fmt: skip
    if known:
        raise EditionError(f"{edition.edition}.yml: known: no claim is printed like this: {'; '.join(map(str, known))}")


def claimed_lines(edition: Edition) -> Iterator[_Line]:
    """The printed figures of an edition, with their line numbers. Raises EditionError."""
    yield from _lines(edition.claims_path, edition.claims, FIGURES)


def _lines(path: Path | None, name: str | None, columns: tuple[str, ...]) -> Iterator[_Line]:
    if path is None:
        return
    try:
        text = read_written(path, str(name), EditionError, "CSV UTF-8")
    except OSError as error:
        raise EditionError(f"{name}: can't be read: {error}") from error
    # Strict: a quotation mark without its other half would make the rows after it a part of one cell.
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = list(reader.fieldnames or ())
        if missing := [c for c in columns if c not in header]:
            raise EditionError(f"{name}: line 1: has no column {', '.join(missing)}")
        if repeated := [c for c in columns if header.count(c) > 1]:
            raise EditionError(f"{name}: line 1: has {', '.join(repeated)} twice: leave one out")
        for row in reader:
            if is_emptied(row):
                continue
            if None in row or None in row.values():
                raise EditionError(f"{name}: line {reader.line_num}: has more or fewer fields than the header")
            if bad := next((c for c, cell in row.items() if not is_printable(cell)), None):
                raise EditionError(f"{name}: line {reader.line_num}: {bad} {NOT_PRINTABLE}: write it without")
            yield reader.line_num, row
    except csv.Error as error:
        raise EditionError(f"{name}: line {reader.line_num + 1}: not readable as CSV: {error}") from error


def _read_figure(edition: Edition, line: _Line) -> tuple[EditionFigure, PrintedNumber, dict[str, str]]:
    number, row = line
    try:
        if row.get("kind", "figure") != "figure":
            raise ValueError(f"kind {row['kind']!r}: this file has only figures; statements have a file of their own (`says`)")
        if fault := fault_of_printed(row["printed"]):
            raise ValueError(fault)
        value = read_printed(row["printed"], row["unit"])
        first, last = (_read_day(c, row[c]) for c in ("period_start", "period_end"))
        if first and (last is None or last < first):
            raise ValueError(f"period_end is {f'{last}, before' if last else 'blank, after'} period_start {first}")
        figure = EditionFigure(
            mart=row["mart"], measure=row["measure"], area_type=row["area_type"], area_name=row["area_name"],
            category=row["category"], from_day=first, to_day=last, published=None if last else 0,
        )  # fmt: skip
    except ValueError as error:
        reason = "; ".join(faults_of(error, EditionFigure)) if isinstance(error, ValidationError) else error
        raise EditionError(f"{edition.claims}: line {number}: {reason}") from error
    return figure, value, row


def _read_day(column: str, text: str) -> date | None:
    """Raises ValueError for a text that is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValueError(f"{column} {text!r} is no date: write it as 2025-04-01") from error


def _read_statements(edition: Edition) -> Iterator[tuple[Mapping[str, str], Statement | None]]:
    """What the report says in words, and the test of it, or None. An edition without a file of statements has those of its
    tests."""
    tests = {(s.paragraph, s.says): s for s in edition.statements}
    if edition.says_path is None:
        for statement in edition.statements:
            whole = statement.whole(statement.groups[0])
            yield (
                {"paragraph": statement.paragraph, "says": statement.says, "mart": whole.mart, "measures": whole.measure},
                statement,
            )
        return
    for _, row in _lines(edition.says_path, edition.says, STATEMENTS):
        yield row, tests.pop((row["paragraph"], row["says"]), None)
    if tests:
        raise EditionError(
            f"{edition.edition}.yml: statements: {edition.says} has no such line: "
            + "; ".join(f"{paragraph} {says}" for paragraph, says in tests)
        )


def _add_terms(requested: RequestedFigures, edition: Edition, number: int, statement: Statement) -> None:
    for group_no, group in enumerate(statement.groups, start=1):
        terms = [("whole", statement.whole(group)), *(("part", p) for p in statement.parts(group))]
        requested.terms += [
            named_row(
                "statement_terms", edition=edition.edition, claim_no=number, form=statement.form, group_no=group_no, role=role,
                amount=group.amount, asked_id=requested.figure_id(edition.force_code, figure), shows=figure.shows,
                within=group.within,
            )
            for role, figure in terms
        ]  # fmt: skip


def _key(figure: EditionFigure, area: str) -> _Key:
    return figure.mart, figure.measure, figure.area_type, area, figure.category, figure.from_day, figure.to_day


def _printed_values(figures: list[tuple[EditionFigure, PrintedNumber, dict[str, str]]]) -> PrintedValues:
    """Printed values by figure; the first if one is printed twice."""
    values: PrintedValues = {}
    for figure, printed, row in figures:
        if row["figure"] == "value" and printed.value is not None:
            values.setdefault(_key(figure, row["area_name"]), (printed.value, _rounded_by(printed, row["unit"])))
    return values


def _rounded_by(printed: PrintedNumber, unit: str) -> Decimal:
    """How far a printed figure may be from the exact one: half of its last place, but a count with all digits is exact."""
    return Decimal(0) if unit == "count" and printed.places >= 1 else Decimal("0.5") / printed.places


def _months_conflict(figure: EditionFigure, whole: PrintedNumber, unit: str, printed: PrintedValues) -> _Conflict:
    """The conflict if a figure is printed for several months and for each of them, and these do not add up to it."""
    first, last = figure.from_day, figure.to_day
    if whole.value is None or first is None or last is None or first.day != 1 or last != month_end(last.year, last.month):
        return _NONE
    # Counts and money of months add up.
    measure = (figure.mart, figure.measure, "sum")
    if not any((m["mart"], m["measure"], m["aggregation"]) == measure for m in read_seed("measure_list")):
        return _NONE
    series = _key(figure, str(figure.area_name))[:-2]
    months = [printed.get((*series, *month_days(n))) for n in range(month_number(first), month_number(last) + 1)]
    values = [m for m in months if m is not None]
    if len(months) < 2 or len(values) < len(months):
        return _NONE
    total = sum((value for value, _ in values), Decimal(0))
    slack = sum((rounded_by for _, rounded_by in values), _rounded_by(whole, unit))
    return (total, whole.value) if abs(total - whole.value) > slack else _NONE


def _sum_conflict(force: str, statement: Statement, printed: PrintedValues) -> _Conflict:
    """The conflict if the report says that printed parts add up to a printed whole, and they do not, rounded as they are."""
    if statement.form != "adds_up":
        return _NONE
    name = force_names().get(force, force)
    for group in statement.groups:
        terms = [statement.whole(group), *statement.parts(group)]
        printed_terms = [printed.get(_key(t, t.area_name or name)) for t in terms]
        values = [v for v in printed_terms if v is not None]
        if len(values) != len(terms):
            continue
        whole, *parts = (value for value, _ in values)
        total = sum(parts, Decimal(0))
        slack = max(sum((rounded_by for _, rounded_by in values), Decimal(0)), Decimal(str(group.within)))
        if abs(total - whole) > slack:
            return total, whole
    return _NONE
