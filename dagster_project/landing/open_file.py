"""From a file in any container to rows of cells: the only place that knows how each container is read."""

import os
from codecs import BOM_UTF8
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import Contract

from .column_drift import likely
from .containers import Stored, unpack
from .csv_reader import ALL_BLANKS, Cells, read_cells, read_lines
from .decode import decode
from .excel import sheet_text
from .fast_csv import HEAD, head_of, in_memory, is_within
from .file_names import InboxFile
from .header import Layout, Wanted, named_headers, read_header, wanted_headers
from .header_row import looks_like_header, said_of
from .mappings import SystemMapping
from .parquet import read_parquet
from .refusal import Refused, shown
from .workbook_sheets import elsewhere


@dataclass(frozen=True)
class Opened:
    """How the rows that now are in `landing_cells` are laid out.

    `other_than`: the encoding that the file is in, where some of its cells are not.
    """

    layout: Layout
    cells: Cells
    other_than: str | None = None


def open_file(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    stored: Stored,
    contract: Contract,
    facts: dict[str, Any],
    mapping: SystemMapping | None,
    held: ExitStack,
    *,
    plainly: bool = True,
) -> Opened:
    """Fill `landing_cells (line, cells)` from a file. It can be read until `held` is closed.

    `plainly`: a text whose lines look like records may be read as such. `facts` gets what the ledger keeps of the file, as far
    as it can be read: encoding, delimiter, headers, columns that are unknown or missing. `mapping`: what the force's system
    calls things. Raises Refused.
    """
    assert file.form is not None and file.container is not None, "the name is in order"
    wanted = wanted_headers(contract, file.form, mapping)
    if file.container == ".parquet":
        facts["encoding"] = "parquet"
        # What was hashed is what is read, whatever becomes of the file meanwhile.
        path = Path(in_memory(memoryview(stored.data), held)) if hasattr(os, "memfd_create") else file.path
        layout = read_parquet(con, path, contract, file.form, mapping)
        _tell(facts, layout, wanted, file.form)
        return Opened(layout, Cells(ALL_BLANKS))
    if file.container == ".xlsx":
        facts["encoding"] = "xlsx"
        sheet = mapping.table.sheet if mapping else None
        text = sheet_text(stored.data, sheet)
        try:
            layout = read_header(text, contract, file.form, ",", mapping)
            _tell(facts, layout, wanted, file.form)
        except Refused as error:
            raise Refused(f"{error}{elsewhere(stored.data, sheet, contract, file.form, mapping)}") from error
        return Opened(layout, read_cells(con, text, layout, by_row=True))
    data = unpack(stored, file.container)
    if plainly and (opened := _open_plain(con, file, data, contract, facts, mapping, held)):
        return opened
    decoded = decode(data)
    facts["encoding"] = decoded.encoding
    layout = read_header(decoded.text, contract, file.form, None, mapping)
    facts["delimiter"] = layout.separator
    _tell(facts, layout, wanted, file.form)
    ends_freely = bool(mapping and mapping.table.ignore)
    cells = read_cells(con, decoded.text, layout, held if plainly else None, ends_freely=ends_freely)
    return Opened(layout, cells, decoded.other_than)


def _open_plain(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    data: bytes,
    contract: Contract,
    facts: dict[str, Any],
    mapping: SystemMapping | None,
    held: ExitStack,
) -> Opened | None:
    """Fill `landing_cells` from a large text in UTF-8 that is in every way as most are, without decoding all of it; None of
    any other. Raises Refused where it lacks columns."""
    assert file.form is not None
    if b"\r\n" in data[:HEAD]:
        data = data.replace(b"\r\n", b"\n")
    head = head_of(data)
    if head is None:
        return None
    try:
        layout = read_header(head, contract, file.form, None, mapping)
    except Refused:
        # What else is wrong with the text may come before it.
        return None
    told = data.startswith(BOM_UTF8)
    start = len(head[: layout.start].encode("utf-8")) + (len(BOM_UTF8) if told else 0)
    cells = read_lines(con, memoryview(data)[start:], layout, held) if is_within(layout, head, data) else None
    if cells is None:
        return None
    facts.update(encoding="utf-8-bom" if told else "utf-8", delimiter=layout.separator)
    _tell(facts, layout, wanted_headers(contract, file.form, mapping), file.form)
    return Opened(layout, cells)


def _tell(facts: dict[str, Any], layout: Layout, wanted: Wanted, form: str) -> None:
    """Note what the header says. Raises Refused where a column is missing that the file can't do without."""
    facts.update(headers=dict(layout.headers), unknown_columns=list(layout.unknown), missing_columns=list(layout.missing))
    has = [*layout.headers.values(), *layout.unknown]
    nearest = said_of(layout.rows, has) if looks_like_header(has) or layout.rows > 1 else ""
    unfound = [f"{name} ({named_headers(wanted.mapping, name)})" for name in layout.unfound] if wanted.mapping else []
    if layout.lacking:
        names = {c: [h for h, found in wanted.headers.items() if c in found] for c in layout.lacking}
        perhaps = ", ".join(f"{c} is '{shown(header)}' there" for c, header in likely(names, layout.unknown).items())
        # What data.police.uk publishes is not mapped: there a contract has to follow.
        advice = "" if form == "police_uk" else ": then map it in mappings/"
        said = f"misses required columns: {', '.join(layout.lacking)}{f'; perhaps {perhaps}{advice}' if perhaps else ''}"
        mapped = f"; the mapping names headers that are not there: {', '.join(unfound)}" if unfound else ""
        raise Refused(f"{said}{mapped}{f'; {nearest}' if nearest else ''}")
    if unfound:
        raise Refused(
            f"lacks headers that the mapping names: {', '.join(unfound)}; it has {', '.join(map(shown, has))}: mend headers, or"
            " list the column under optional where files may lack it"
        )
