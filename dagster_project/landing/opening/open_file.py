"""From a file in any container to rows of cells: the only place that knows how each container is read."""

import csv
import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path

import duckdb

from dagster_project.contracts import Contract
from dagster_project.contracts.model import NUMBER_TYPES
from dagster_project.core.plurals import counted

from ..formats.containers import StoredFile, unpack
from ..formats.csv_reader import ALL_BLANKS, HEAD, Cells, head_of, memory_file, read_cells, read_lines
from ..formats.decode import decode
from ..formats.excel import SheetTable, SheetText, sheet_index, sheet_names, sheet_text, sheet_tops
from ..formats.header_columns import AroundTable, Layout, lay_out, read_header
from ..formats.header_row import HEADER_CHARACTERS, MIN_CELLS, HeaderNames, describe_row, looks_like_header
from ..formats.parquet import read_parquet
from ..inbox.file_names import InboxFile
from ..mappings.mapping_fields import headers_of
from ..mappings.mappings import SystemMapping
from ..refusal import Refused, printable
from ..rows.file_table import FileTable
from ..rows.keep_only_records import remove_ignored_rows
from ..rows.row_rules import ELSEWHERE, PARSED, parse, widest_window
from ..rows_not_to_count import TOTAL
from .column_drift import describe_unseen, likely_renames
from .text_around_table import DAY_CELL, LAST_CHARACTERS, read_around

MAX_ELSEWHERE = 3
"""Other sheets whose records are looked up: each is read from the whole workbook again."""


@dataclass
class HowRead:
    """How a file was read, as far as it could be: fields of its entry in the ledger."""

    encoding: str | None = None
    delimiter: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    unknown_columns: list[str] = field(default_factory=list)
    missing_columns: list[str] = field(default_factory=list)


def open_file(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    stored: StoredFile,
    contract: Contract,
    how: HowRead,
    mapping: SystemMapping,
    resources: ExitStack,
    *,
    fast: bool = True,
) -> FileTable:
    """Fill `landing_cells (line, cells)` from a file. The rows can be read until `resources` is closed.

    `fast`: use DuckDB's own reader where every line of the text looks like a record. `mapping`: the force's, or an empty one.
    Adds what the ledger stores to `how`, as far as the file can be read. Raises Refused.
    """
    assert file.form is not None and file.container is not None, "the file's name is valid"
    window = widest_window(file.extracted_at) if file.covers and file.extracted_at else file.window
    file_table = partial(FileTable, contract, file.form, *window, mapping=mapping, force=file.force_code or "")
    names = HeaderNames(contract, file.form, mapping)
    check_header = partial(_check_header, how, names)
    if file.container == ".parquet":
        how.encoding = "parquet"
        # The bytes that were hashed are read, even if the file changes meanwhile.
        path = Path(memory_file(memoryview(stored.data), resources)) if hasattr(os, "memfd_create") else file.path
        layout = read_parquet(con, path, partial(lay_out, names=names))
        check_header(layout)
        return file_table(layout, Cells(ALL_BLANKS))
    if file.container == ".xlsx":
        return _open_workbook(con, stored.data, names, how, file_table)
    data = unpack(stored, file.container)
    if fast and (opened := _open_fast(con, data, names, how, resources)):
        layout, cells, around = opened
        check_header(layout)
        return file_table(layout, cells, around=around)
    decoded = decode(data)
    how.encoding = decoded.encoding
    layout = read_header(decoded.text, names)
    how.delimiter = layout.separator
    check_header(layout)
    cells = read_cells(con, decoded.text, layout, resources if fast else None)
    around = read_around(decoded.text[: layout.start], decoded.text[-LAST_CHARACTERS:], layout)
    return file_table(layout, cells, main_encoding=decoded.main_encoding, around=around)


def _open_workbook(
    con: duckdb.DuckDBPyConnection, data: bytes, names: HeaderNames, how: HowRead, file_table: Callable[..., FileTable]
) -> FileTable:
    how.encoding = "xlsx"
    contract, chosen = names.contract, names.mapping.table.sheet
    worksheet = sheet_text(data, chosen)
    try:
        layout = read_header(worksheet.text, names, ",")
        _check_header(how, names, layout)
    except Refused as error:
        raise Refused(f"{error}{_find_table_elsewhere(data, chosen, names)}") from error
    unread = _sheets_alike(data, names, layout)
    if unread and contract.key and contract.date_column:
        _collect_records_elsewhere(con, data, unread, worksheet.text[: layout.start], names, file_table)
    # A value that a person sees beside several rows is that of each. The header's own merged cells are read with it.
    if worksheet.last_merged > layout.rows:
        amounts = [c.name for c in contract.columns if c.type in NUMBER_TYPES]
        fields = ({i for name in columns for i in layout.fields_of(name)} for columns in (contract.key, amounts))
        worksheet = sheet_text(data, chosen, SheetTable(layout.rows, *fields))
    _check_formulas(worksheet, layout, contract)
    _check_currency(worksheet, layout, contract)
    around = read_around(worksheet.text[: layout.start], worksheet.text[-LAST_CHARACTERS:], layout)
    unseen = tuple(describe_unseen(worksheet, layout, unread, is_named=chosen is not None))
    cells = read_cells(con, worksheet.text, layout, by_row=True)
    return file_table(layout, cells, unread_sheets=tuple(unread), unseen=unseen, around=around)


def _open_fast(
    con: duckdb.DuckDBPyConnection, data: bytes, names: HeaderNames, how: HowRead, resources: ExitStack
) -> tuple[Layout, Cells, AroundTable] | None:
    """Fill `landing_cells` from a large, ordinary text in UTF-8 without decoding all of it. Returns None for any other text."""
    if b"\r\n" in data[:HEAD]:
        data = data.replace(b"\r\n", b"\n")
    head = head_of(data)
    if head is None:
        return None
    try:
        layout = read_header(head, names)
    except Refused:
        # The whole text may have another fault, to be reported first.
        return None
    has_bom = data.startswith(BOM_UTF8)
    start = len(head[: layout.start].encode("utf-8")) + (len(BOM_UTF8) if has_bom else 0)
    # Otherwise the whole text may have another header.
    is_certain = len(data) <= HEAD or layout.start + HEADER_CHARACTERS <= len(head)
    if not is_certain or (cells := read_lines(con, memoryview(data)[start:], layout, resources)) is None:
        return None
    how.encoding, how.delimiter = "utf-8-bom" if has_bom else "utf-8", layout.separator
    return layout, cells, read_around(head[: layout.start], data[-LAST_CHARACTERS:].decode(errors="ignore"), layout)


def _find_table_elsewhere(data: bytes, file_table: str | None, names: HeaderNames) -> str:
    """A hint to add to a reason: the first other sheet with every required column, and how to map it; "" for none."""
    try:
        tables = _tables(data, 1 if file_table is None else 0, names)
        name, _, row = next(tables, ("", True, 0)) if names.form == "canonical" else ("", True, 0)
    except Exception:
        # The reason names the fault already.
        return ""
    return f"; sheet '{name}' has them, in row {row}: say table: {{sheet: {name}}} in a mapping" if name else ""


def _sheets_alike(data: bytes, names: HeaderNames, layout: Layout) -> list[str]:
    """Other sheets that have every required column, too, and are not read. Where no mapping names the sheet, also those that go
    on where the first ends: one a month, say. Raises Refused where a person then sees one of them and not the first."""
    is_seen, chosen = sheet_names(data), names.mapping.table.sheet
    own = list(is_seen)[sheet_index(list(is_seen), chosen) or 0]
    if not any(seen for name, seen in is_seen.items() if name != own):
        return []
    tables = _tables(data, 1, names, layout) if chosen is None else _tables(data, 0, names)
    sheets = [(name, header_row) for name, seen, header_row in tables if seen and name != printable(own)]
    with_header = [name for name, header_row in sheets if header_row]
    if with_header and chosen is None and not is_seen[own]:
        hint = f"say table: {{sheet: {with_header[0]}}} in a mapping, or delete the hidden one"
        raise Refused(f"the first sheet is hidden, and sheet '{with_header[0]}' has the columns, too: {hint}")
    return [name for name, _ in sheets]


def _collect_records_elsewhere(
    con: duckdb.DuckDBPyConnection,
    data: bytes,
    unread: list[str],
    top: str,
    names: HeaderNames,
    file_table: Callable[..., FileTable],
) -> None:
    """Fill `landing_elsewhere` with the key and day of the good rows of other sheets that are not read. `top`: the first one's
    text up to its header's end, for those that have none."""
    con.execute(f"create or replace temp table {ELSEWHERE} (_key varchar, _date varchar)")
    for name in [n for n in sheet_names(data) if printable(n) in unread][:MAX_ELSEWHERE]:
        try:
            text = sheet_text(data, name).text
            try:
                layout = read_header(text, names, ",")
            except Refused:
                text = f"{top}{text}"
                layout = read_header(text, names, ",")
            other = file_table(layout, read_cells(con, text, layout, by_row=True))
            remove_ignored_rows(con, other)
        except Refused:
            continue
        parse(con, other)
        con.execute(f"insert into {ELSEWHERE} select _key, _date from {PARSED} where not bad")


def _tables(data: bytes, after: int, names: HeaderNames, first: Layout | None = None) -> Iterator[tuple[str, bool, int]]:
    """The sheets after some first ones that have every required column: name, whether it is seen, and the header's row. Where
    the `first` sheet's layout is given, those too that have records of that layout, and no header: row 0."""
    for name, is_seen, text in sheet_tops(data, after):
        try:
            layout = read_header(text, names, ",")
        except Refused:
            if first and _begins_with_record(text, first, names.contract):
                yield printable(name), is_seen, 0
            continue
        if not layout.missing_required:
            yield printable(name), is_seen, layout.rows


def _begins_with_record(text: str, layout: Layout, contract: Contract) -> bool:
    """Whether a text's first row has all that a record of this layout needs, and a date where it has its date. Two cells may
    be anything, such as a calendar."""
    cells = next(csv.reader(StringIO(text)), [])
    required = [i for c in contract.columns if c.required for i in layout.fields_of(c.name)]
    if not contract.date_column or len(required) < MIN_CELLS or not all(i < len(cells) and cells[i].strip() for i in required):
        return False
    return all(DAY_CELL.fullmatch(cells[i].strip()) for i in layout.fields_of(contract.date_column))


def _check_formulas(worksheet: SheetText, layout: Layout, contract: Contract) -> None:
    """Raises Refused where a record has a formula without a value, which would be a blank. A row without a reference or a date,
    such as one of totals, is no record."""
    if not worksheet.unworked:
        return
    headers = {i: header for header, i in layout.ignore_fields.items()}
    headers |= {i: header for name, header in layout.headers.items() for i in layout.fields_of(name)}
    names = {*contract.key, contract.date_column} & layout.headers.keys()
    naming = {i for name in names if name for i in layout.fields_of(name)}
    rows = list(csv.reader(StringIO(worksheet.text)))
    unworked = {
        headers[column]: None
        for row, column in sorted(worksheet.unworked) if column in headers and layout.rows <= row < len(rows)
        and all(i == column or (i < len(rows[row]) and rows[row][i].strip()) for i in naming)
        and not any(re.fullmatch(TOTAL, cell.strip(), re.I) for cell in rows[row])
    }  # fmt: skip
    if unworked:
        raise Refused(
            f"formulas under {', '.join(unworked)} were never worked out, and have no value: open the workbook in Excel, save"
            " it and drop it again"
        )


def _check_currency(worksheet: SheetText, layout: Layout, contract: Contract) -> None:
    """Raises Refused where amounts are shown in another currency than the pound: the cells hold the number alone."""
    for name in (c.name for c in contract.columns if c.type == "money"):
        foreign_rows = [row for row, cells in worksheet.foreign.items() if any(cells >> i & 1 for i in layout.fields_of(name))]
        if n := sum(row >= layout.rows for row in foreign_rows):
            raise Refused(
                f"{name}: {counted(n, 'cell')} in another currency, by the cells' format, would count as pounds: give amounts"
                " in pounds, with that format"
            )


def _check_header(how: HowRead, names: HeaderNames, layout: Layout) -> None:
    """Add the header's columns to `how`. Raises Refused where a required column, or one of the mapping's, is missing."""
    how.headers = dict(layout.headers)
    how.unknown_columns, how.missing_columns = list(layout.unknown), list(layout.missing)
    headers = [*layout.headers.values(), *layout.unknown]
    mapped = {name: ", ".join(map(printable, headers_of(names.mapping.headers[name]))) for name in layout.unmatched}
    if ignoring := [printable(h) for h in names.ignoring if h not in layout.ignore_fields]:
        mapped["table.ignore"] = ", ".join(ignoring)
    unmatched = ", ".join(f"{name} ({headers})" for name, headers in mapped.items())
    if layout.missing_required:
        reason = f"misses required columns: {', '.join(layout.missing_required)}"
        known = {c: [h for h, columns in names.columns.items() if c in columns] for c in layout.missing_required}
        if renames := likely_renames(known, layout.unknown):
            perhaps = ", ".join(f"{c} is '{printable(header)}' there" for c, header in renames.items())
            # What data.police.uk publishes is not mapped: there the contract has to change.
            reason += f"; perhaps {perhaps}{'' if names.form == 'police_uk' else ': then map it in mappings/'}"
        if unmatched:
            reason += f"; the mapping names headers that are not there: {unmatched}"
            if layout.unmatched and not renames and not {*layout.missing_required} & names.contract.never_optional:
                reason += ": correct them, or list the column under optional where files may lack it"
        if looks_like_header(headers) or layout.rows > 1:
            reason += f"; {describe_row(layout.rows, headers)}"
        raise Refused(reason)
    if unmatched:
        optional = ", or list the column under optional where files may lack it"
        raise Refused(
            f"lacks headers that the mapping names: {unmatched}; it has {', '.join(map(printable, headers))}: correct the"
            f" headers in the mapping{optional if layout.unmatched else ''}"
        )
