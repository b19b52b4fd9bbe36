"""From a file in any container to rows of cells: the only place that knows how each container is read."""

import os
from codecs import BOM_UTF8
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import Contract

from .column_drift import likely_renames
from .containers import StoredFile, unpack
from .csv_reader import ALL_BLANKS, Cells, read_cells, read_lines
from .decode import decode
from .excel import sheet_text
from .fast_csv import HEAD, head_of, is_within, memory_file
from .file_names import InboxFile
from .header import HeaderMeanings, Layout, header_meanings, named_headers, read_header
from .header_row import describe_row, looks_like_header
from .mappings import SystemMapping
from .parquet import read_parquet
from .refusal import Refused, printable
from .workbook_sheets import find_table_elsewhere


@dataclass(frozen=True)
class OpenedFile:
    """The layout of the rows that are now in `landing_cells`.

    `main_encoding`: the file's encoding, where some of its cells are in another; else None.
    """

    layout: Layout
    cells: Cells
    main_encoding: str | None = None


def open_file(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    stored: StoredFile,
    contract: Contract,
    facts: dict[str, Any],
    mapping: SystemMapping | None,
    resources: ExitStack,
    *,
    fast: bool = True,
) -> OpenedFile:
    """Fill `landing_cells (line, cells)` from a file. The rows can be read until `resources` is closed.

    `fast`: use DuckDB's own reader where every line of the text looks like a record. `mapping`: the force's, if any. Adds what
    the ledger stores to `facts`, as far as the file can be read: encoding, delimiter, headers, unknown and missing columns.
    Raises Refused.
    """
    assert file.form is not None and file.container is not None, "the file's name is valid"
    meanings = header_meanings(contract, file.form, mapping)
    if file.container == ".parquet":
        facts["encoding"] = "parquet"
        # The bytes that were hashed are read, even if the file changes meanwhile.
        path = Path(memory_file(memoryview(stored.data), resources)) if hasattr(os, "memfd_create") else file.path
        layout = read_parquet(con, path, contract, file.form, mapping)
        _check_header(facts, layout, meanings, file.form)
        return OpenedFile(layout, Cells(ALL_BLANKS))
    if file.container == ".xlsx":
        facts["encoding"] = "xlsx"
        sheet = mapping.table.sheet if mapping else None
        text = sheet_text(stored.data, sheet)
        try:
            layout = read_header(text, contract, file.form, ",", mapping)
            _check_header(facts, layout, meanings, file.form)
        except Refused as error:
            raise Refused(f"{error}{find_table_elsewhere(stored.data, sheet, contract, file.form, mapping)}") from error
        return OpenedFile(layout, read_cells(con, text, layout, by_row=True))
    data = unpack(stored, file.container)
    if fast and (opened := _open_fast(con, file, data, contract, facts, mapping, resources)):
        return opened
    decoded = decode(data)
    facts["encoding"] = decoded.encoding
    layout = read_header(decoded.text, contract, file.form, None, mapping)
    facts["delimiter"] = layout.separator
    _check_header(facts, layout, meanings, file.form)
    may_end_short = bool(mapping and mapping.table.ignore)
    cells = read_cells(con, decoded.text, layout, resources if fast else None, may_end_short=may_end_short)
    return OpenedFile(layout, cells, decoded.main_encoding)


def _open_fast(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    data: bytes,
    contract: Contract,
    facts: dict[str, Any],
    mapping: SystemMapping | None,
    resources: ExitStack,
) -> OpenedFile | None:
    """Fill `landing_cells` from a large, ordinary text in UTF-8 without decoding all of it. Returns None for any other text.

    Raises Refused where columns are missing.
    """
    assert file.form is not None
    if b"\r\n" in data[:HEAD]:
        data = data.replace(b"\r\n", b"\n")
    head = head_of(data)
    if head is None:
        return None
    try:
        layout = read_header(head, contract, file.form, None, mapping)
    except Refused:
        # The whole text may have another fault, to be reported first.
        return None
    has_bom = data.startswith(BOM_UTF8)
    start = len(head[: layout.start].encode("utf-8")) + (len(BOM_UTF8) if has_bom else 0)
    cells = read_lines(con, memoryview(data)[start:], layout, resources) if is_within(layout, head, data) else None
    if cells is None:
        return None
    facts.update(encoding="utf-8-bom" if has_bom else "utf-8", delimiter=layout.separator)
    _check_header(facts, layout, header_meanings(contract, file.form, mapping), file.form)
    return OpenedFile(layout, cells)


def _check_header(facts: dict[str, Any], layout: Layout, meanings: HeaderMeanings, form: str) -> None:
    """Add the header's columns to `facts`. Raises Refused where a required column, or one that the mapping names, is missing.
    """
    facts.update(headers=dict(layout.headers), unknown_columns=list(layout.unknown), missing_columns=list(layout.missing))
    headers = [*layout.headers.values(), *layout.unknown]
    mapping = meanings.mapping
    unmatched = ", ".join(f"{name} ({named_headers(mapping, name)})" for name in layout.unmatched) if mapping else ""
    if layout.missing_required:
        reason = f"misses required columns: {', '.join(layout.missing_required)}"
        names = {c: [h for h, columns in meanings.headers.items() if c in columns] for c in layout.missing_required}
        if renames := likely_renames(names, layout.unknown):
            perhaps = ", ".join(f"{c} is '{printable(header)}' there" for c, header in renames.items())
            # What data.police.uk publishes is not mapped: there the contract has to change.
            reason += f"; perhaps {perhaps}{'' if form == 'police_uk' else ': then map it in mappings/'}"
        if unmatched:
            reason += f"; the mapping names headers that are not there: {unmatched}"
        if looks_like_header(headers) or layout.rows > 1:
            reason += f"; {describe_row(layout.rows, headers)}"
        raise Refused(reason)
    if unmatched:
        raise Refused(
            f"lacks headers that the mapping names: {unmatched}; it has {', '.join(map(printable, headers))}: correct the"
            " headers in the mapping, or list the column under optional where files may lack it"
        )
