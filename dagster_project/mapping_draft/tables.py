"""Finds the table in a file: the sheet, the header row, and the rows, which it reads into DuckDB.

A real export may have titles, a logo row or a two-row header above its table, and totals or a source line below it.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path

import duckdb

from dagster_project.contracts import plain_header
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.sql import literal
from dagster_project.landing.canonical_values import install
from dagster_project.landing.containers import StoredFile, read_stored, unpack
from dagster_project.landing.csv_reader import CELLS, read_cells
from dagster_project.landing.decode import MARK, decode
from dagster_project.landing.excel import sheet_names, sheet_text
from dagster_project.landing.file_names import CONTAINERS, InboxFile, name_text
from dagster_project.landing.header_columns import Layout
from dagster_project.landing.header_row import SEPARATORS, with_above
from dagster_project.landing.mapping_fields import LAST_HEADER_ROW
from dagster_project.landing.refusal import Refused

ROWS = "draft_rows"
"""The table's rows: `line`, and `c0`, `c1`, ... as trimmed text, NULL if blank."""


class DraftError(PamError, ValueError):
    """A file that no mapping can be drafted for. The message says what to do."""


@dataclass(frozen=True)
class FirstRows:
    """The first rows of one sheet, or of a text read with one separator. `text`: as CSV."""

    sheet: str | None
    separator: str
    rows: tuple[tuple[str, ...], ...]
    text: str


@dataclass(frozen=True)
class ExportTable:
    """A file's table. `header_row`: counted from 1. `above`: the cells above it."""

    container: str
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    headers: tuple[str, ...]
    above: tuple[str, ...]


def container_of(path: Path) -> str:
    """The kind of file, by the ending of its name. Raises DraftError for one that can't be landed."""
    name = path.name.lower()
    if name.endswith(".xls"):
        raise DraftError(f"{path.name}: an old Excel workbook: open it in Excel and save it as .xlsx")
    container = next((c for c in sorted(CONTAINERS, key=len, reverse=True) if name.endswith(c)), None)
    if container is None:
        raise DraftError(f"{path.name}: not a kind of file that can be landed: the name must end in {', '.join(CONTAINERS)}")
    return container


def open_table(
    con: duckdb.DuckDBPyConnection, home: Home, path: Path, score: Callable[[tuple[str, ...]], float]
) -> ExportTable:
    """Find the file's table and fill `draft_rows`. `score`: how much a row looks like a header. Raises DraftError, OSError.
    """
    install(con)
    container = container_of(path)
    try:
        if container == ".parquet":
            return _open_parquet(con, path)
        stat = path.stat()
        stored = read_stored(InboxFile(path, name_text(path.name), stat.st_mtime, stat.st_size), home)
        grids = list(_sheets(stored) if container == ".xlsx" else _texts(stored, container))
        best = max(
            ((score(row), -number, -n) for n, grid in enumerate(grids) for number, row in enumerate(grid.rows)), default=None
        )
        if best is None or best[0] <= 0:
            raise DraftError(f"{path.name}: no row of the first {LAST_HEADER_ROW} looks like a header")
        grid, index = grids[-best[2]], -best[1]
        _fill(con, grid, index, by_row=container == ".xlsx")
    except Refused as error:
        raise DraftError(f"{path.name}: {error}") from error
    headers = _without_blank_end(_with_merged_cells(grid.rows, index))
    above = tuple(cell for row in grid.rows[:index] for cell in row if cell)
    sheets = tuple(dict.fromkeys(g.sheet for g in grids if g.sheet is not None))
    return ExportTable(container, grid.sheet, sheets, index + 1, headers, above)


def _with_merged_cells(rows: tuple[tuple[str, ...], ...], index: int) -> tuple[str, ...]:
    """The header, completed from merged cells above it if names appear twice."""
    own, above = rows[index], rows[index - 1] if index else ()
    plain = [plain_header(h) for h in own]
    if not any(plain.count(h) > 1 for h in plain if h) or len([c for c in above if c]) < 2:
        return own
    return tuple(with_above(above, own)[: len(own)])


def _without_blank_end(row: tuple[str, ...]) -> tuple[str, ...]:
    """The header's cells without the blank ones at its end."""
    last = max((n for n, cell in enumerate(row) if cell), default=-1)
    return row[: last + 1]


def _sheets(stored: StoredFile) -> Iterator[FirstRows]:
    for name in sheet_names(stored.data):
        text = sheet_text(stored.data, name).text
        if text.strip():
            yield FirstRows(name, ",", _first_rows(text, ","), text)


def _texts(stored: StoredFile, container: str) -> Iterator[FirstRows]:
    text = decode(unpack(stored, container)).text
    for separator in SEPARATORS:
        if separator in text:
            yield FirstRows(None, separator, _first_rows(text, separator), text)


def _first_rows(text: str, separator: str) -> tuple[tuple[str, ...], ...]:
    reader = csv.reader(StringIO(text[: 1 << 20]), delimiter=separator, skipinitialspace=True)
    try:
        return tuple(tuple(" ".join(c.replace(MARK, "").split()) for c in row) for row in islice(reader, LAST_HEADER_ROW))
    except csv.Error:
        return ()


def _fill(con: duckdb.DuckDBPyConnection, grid: FirstRows, index: int, *, by_row: bool) -> None:
    reader = csv.reader(StringIO(grid.text), delimiter=grid.separator, skipinitialspace=True)
    for _ in islice(reader, index + 1):
        pass
    lines, start = reader.line_num, 0
    for _ in range(lines):
        start = grid.text.find("\n", start) + 1 or len(grid.text)
    width = len(grid.rows[index])
    layout = Layout(grid.separator, width, {}, {}, (), (), (), lines, index + 1, start)
    # A source line below the table may be shorter than the rest and end the file.
    text = grid.text if grid.text.endswith("\n") else grid.text + "\n"
    if start >= len(text.rstrip()):
        raise DraftError("the table has a header and no rows: there is nothing to tell its columns by")
    read_cells(con, text, layout, by_row=by_row)
    cells = ", ".join(f"nullif(trim(replace(cells[{n + 1}], {literal(MARK)}, ''), ' \t\r' || chr(160)), '') as c{n}"
                      for n in range(width))  # fmt: skip
    con.execute(f"create or replace temp table {ROWS} as select line, {cells} from {CELLS}")
    con.execute(f"delete from {ROWS} where coalesce({', '.join(f'c{n}' for n in range(width))}) is null")


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path) -> ExportTable:
    try:
        read = con.execute("select * from read_parquet(?)", [str(path)])
    except duckdb.Error as error:
        raise DraftError(f"{path.name}: not a readable Parquet file") from error
    headers = tuple(d[0] for d in read.description)
    cells = ", ".join(f"nullif(trim(cast({_quoted(h)} as varchar)), '') as c{n}" for n, h in enumerate(headers))
    con.execute(
        f"create or replace temp table {ROWS} as select row_number() over () as line, {cells} from read_parquet(?)", [str(path)]
    )
    return ExportTable(".parquet", None, (), 1, headers, ())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
