"""Finds the table in a file: the sheet, the header row, the rows, which it reads into DuckDB, and those that are not records.

A real export may have titles, a logo row or a two-row header above its table, and totals or a source line below it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

import duckdb

from dagster_project.contracts import load_contracts, plain_header
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.core.sql import literal, one_row
from dagster_project.landing.formats.containers import StoredFile, read_stored, unpack
from dagster_project.landing.formats.csv_reader import CELLS, read_cells
from dagster_project.landing.formats.decode import MARK, decode
from dagster_project.landing.formats.excel import sheet_names, sheet_text
from dagster_project.landing.formats.header_columns import Layout, after_lines
from dagster_project.landing.formats.header_row import (
    LAST_HEADER_ROW,
    SEPARATORS,
    HeaderRow,
    first_rows,
    looks_like_header,
    with_above,
)
from dagster_project.landing.formats.parquet import read_parquet
from dagster_project.landing.inbox.file_names import describe
from dagster_project.landing.refusal import Refused
from dagster_project.landing.rows.parse_values import install
from dagster_project.landing.rows_not_to_count import TOTAL

ROWS = "draft_rows"
"""The table's rows: `line`, and `c0`, `c1`, ... as trimmed text, NULL if blank."""
MAX_EXTRA_ROWS = 200
"""If more rows than this look like totals, they are records."""
NOTES = 10
"""Of the last rows, so many may be notes: those with one cell, under a header that fewer rows have alone."""

_LABEL = (
    r"^\W*((grand|sub|overall|running)[ -]?)?totals?\b|^\W*sum\b|^\W*(data )?sources?\b\W*|^\W*count\b|^\W*end of\b"
    r"|^\W*(row|record)s? ?(count|returned|:)|^\W*\d* ?(rows?|records?)( returned| exported| selected|\(s\))"
    r"|^\W*(report|extract|data|query) (run|generated|produced|created|printed|ends?|extracted)\b"
    r"|^\W*(generated|produced|printed|run|extracted|created|prepared)"
    r" (by|on|at|from)\b|^\W*notes?\b\W"
    r"|^\W*official\b|^\W*restricted\b|^\W*page \d|^[-=_*]{3,}$|^\W*average\b|^\W*\(?c\)? crown"
)  # fmt: skip
"""How rows that are not records begin."""


class DraftError(PamError, ValueError):
    """A file that no mapping can be drafted for. The message says what to do."""


@dataclass(frozen=True)
class FirstRows:
    """The first rows of one sheet, or of a text read with one separator. `text`: as CSV."""

    sheet: str | None
    rows: list[HeaderRow]
    text: str


@dataclass(frozen=True)
class ExportTable:
    """A file's table. `header_row`: counted from 1. `above`: the cells above it. `other_rows`: other sheets -> the first
    rows of each, as `plain_header` has them."""

    container: str
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    headers: tuple[str, ...]
    above: tuple[str, ...]
    other_rows: dict[str, list[set[str]]] = field(default_factory=dict)

    def sheets_with(self, headers: Iterable[str]) -> list[str]:
        """The other sheets with a row that has all of these headers."""
        wanted = {plain_header(h) for h in headers}
        return [sheet for sheet, rows in self.other_rows.items() if any(row >= wanted for row in rows)]


def open_table(con: duckdb.DuckDBPyConnection, home: Home, path: Path, score: Callable[[list[str]], float]) -> ExportTable:
    """Find the file's table and fill `draft_rows`. `score`: how much a row looks like a header. Raises DraftError, OSError."""
    install(con)
    file = describe(path, load_contracts(), force_names())
    if file.container is None:
        raise DraftError(f"{path.name}: {file.problem}")
    try:
        if file.container == ".parquet":
            headers = read_parquet(con, path, tuple)
            _store_rows(con, len(headers))
            return ExportTable(".parquet", None, (), 1, headers, ())
        grids = list(_grids(read_stored(file, home), file.container))
        candidates = (
            (score(list(header)), -n, -grid.rows[at].number, -k, at)
            for n, grid in enumerate(grids) for at in range(len(grid.rows))
            for k, header in enumerate(_headers_of(grid.rows, at))
        )  # fmt: skip
        best = max(candidates, default=None)
        if best is None or best[0] <= 0:
            raise DraftError(f"{path.name}: no row of the first {LAST_HEADER_ROW} looks like a header")
        grid, index = grids[-best[1]], best[4]
        _fill(con, grid.text, grid.rows[index], by_row=file.container == ".xlsx")
    except Refused as error:
        raise DraftError(f"{path.name}: {error}") from error
    headers = _headers_of(grid.rows, index)[-best[3]]
    while headers and not headers[-1]:
        headers = headers[:-1]
    above = tuple(cell for row in grid.rows[:index] for cell in row.fields if cell)
    sheets = tuple(dict.fromkeys(g.sheet for g in grids if g.sheet is not None))
    other_rows = {
        g.sheet: [{plain_header(cell) for cell in row.fields} for row in g.rows]
        for g in grids if g.sheet is not None and g.sheet != grid.sheet
    }  # fmt: skip
    return ExportTable(file.container, grid.sheet, sheets, grid.rows[index].number, headers, above, other_rows)


def _headers_of(rows: list[HeaderRow], index: int) -> list[tuple[str, ...]]:
    """What the header may be if it is this row: the row alone, or with merged cells above it. Where names appear twice it is
    not the row alone. Nothing where the row below goes on with it."""
    header, above = rows[index], rows[index - 1] if index else None
    if index + 1 < len(rows) and _goes_on(header, rows[index + 1]):
        return []
    alone = tuple(header.fields)
    if above is None or above.number != header.number - 1 or above.n_filled < 2:
        return [alone]
    filled = [plain_header(h) for h in alone if h]
    if len(set(filled)) < len(filled):
        return [tuple(with_above(above.fields, alone)[: len(alone)])]
    titles = [*above.fields, *[""] * len(alone)][: len(alone)]
    if not looks_like_header(header.fields) or not any(title and not name for title, name in zip(titles, alone, strict=True)):
        return [alone]
    return [alone, tuple(_with_titles(titles, alone))]


def _goes_on(header: HeaderRow, below: HeaderRow) -> bool:
    """Whether cells of a header stand over several of the row below, which has names under its blank cells, too."""
    if below.number != header.number + 1 or header.n_filled < 2 or not looks_like_header(below.fields):
        return False
    pairs = list(zip_longest(header.fields, below.fields, fillvalue=""))
    return any(name and not title for title, name in pairs) and any(title and not name for title, name in pairs)


def _with_titles(titles: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Each name after the cell above it, or where that is blank the last one to its left, which may be merged over it. A cell
    above a blank one is a name itself, and over no other column."""
    over = ""
    for title, name in zip(titles, names, strict=True):
        over = title or over
        yield f"{over} {name}".strip() if name else title
        over = over if name else ""


def _grids(stored: StoredFile, container: str) -> Iterator[FirstRows]:
    """The first sheet of a workbook, blank or not, and the others with text; or a text read with each separator that it has."""
    if container == ".xlsx":
        # Raises Refused for what is no sound workbook, which `sheet_names` can't read.
        first = sheet_text(stored.data).text
        for n, name in enumerate(sheet_names(stored.data)):
            text = sheet_text(stored.data, name).text if n else first
            if text.strip() or not n:
                yield FirstRows(name, _first_rows(text, ","), text)
    else:
        text = decode(unpack(stored, container)).text
        for separator in SEPARATORS:
            if separator in text:
                yield FirstRows(None, _first_rows(text, separator), text)


def _first_rows(text: str, separator: str) -> list[HeaderRow]:
    rows = first_rows(text, 0, 0, separator)
    return [replace(row, fields=[" ".join(field.split()) for field in row.fields]) for row in rows]


def _fill(con: duckdb.DuckDBPyConnection, text: str, header: HeaderRow, *, by_row: bool) -> None:
    width, start = len(header.fields), after_lines(text, 0, header.lines)
    layout = Layout(header.separator, width, {}, {}, {}, (), (), header.lines, header.number, start)
    # A source line below the table may be shorter than the rest and end the file.
    text = text if text.endswith("\n") else text + "\n"
    if start >= len(text.rstrip()):
        raise Refused("the table has a header and no rows: there is nothing to tell its columns by")
    read_cells(con, text, layout, by_row=by_row)
    _store_rows(con, width)


def _store_rows(con: duckdb.DuckDBPyConnection, width: int) -> None:
    """Make `draft_rows` of `landing_cells`, without blank rows."""
    cells = ", ".join(f"nullif(trim(replace(cells[{n + 1}], {literal(MARK)}, ''), ' \t\r' || chr(160)), '') as c{n}"
                      for n in range(width))  # fmt: skip
    con.execute(f"create or replace temp table {ROWS} as select line, {cells} from {CELLS}")
    con.execute(f"delete from {ROWS} where coalesce({', '.join(f'c{n}' for n in range(width))}) is null")


@dataclass(frozen=True)
class ExtraRow:
    """A row that is not a record: its line, the field and text of its first filled cell, and whether it is certain."""

    line: int
    index: int
    text: str
    is_certain: bool


def remove_extra_rows(con: duckdb.DuckDBPyConnection, width: int) -> list[ExtraRow]:
    """Remove rows that are not records from `draft_rows`, and return them."""
    texts = ", ".join(f"c{n}" for n in range(width))
    filled = " + ".join(f"(c{n} is not null)::int" for n in range(width))
    first = "case " + " ".join(f"when c{n} is not null then {n}" for n in range(width)) + " end"
    text = f"lower(coalesce({texts}))"
    is_total = f"regexp_full_match({text}, {literal(TOTAL)})"
    labelled = f"(regexp_matches({text}, {literal(_LABEL)}) or {is_total})"
    con.execute(
        f"""
        create or replace temp table draft_extra as
        select line, first, text, labelled from (
            select line, {first} as first, coalesce({texts}) as text, {labelled} as labelled, {filled} as filled,
                {is_total} as is_total,
                row_number() over (order by line desc) as from_end, median({filled}) over () as usual,
                -- More rows with the same cell alone are later rows of records.
                count(*) over (partition by {first}, {filled} = 1) as n_same
            from {ROWS}
        -- A total of several amounts fills more cells than a note.
        ) where (labelled and filled <= greatest(usual * 0.6, 1)) or (is_total and filled < usual)
            or (usual >= 4 and filled = 1 and from_end <= {NOTES} and n_same < {NOTES})
        """
    )
    extra = [ExtraRow(*row) for row in con.execute("from draft_extra order by line").fetchall()]
    rows = one_row(con, f"select count(*) from {ROWS}")[0]
    if len(extra) > min(MAX_EXTRA_ROWS, rows / 4):
        return []
    con.execute(f"delete from {ROWS} where line in (select line from draft_extra)")
    return extra


def ignore_glob(con: duckdb.DuckDBPyConnection, row: ExtraRow) -> str:
    """A glob for this row and similar ones in other months' files: its words up to the first digit, then `*`. The whole text
    where that would remove records, too."""
    if re.fullmatch(r"([-=_*])\1+", row.text):
        start = row.text[:3]
    else:
        head = re.match(r"[^\d:]*:?", row.text)
        start = head[0].rstrip() if head else ""
        if not start.endswith(":"):
            # The first two words are enough; the rest may change.
            start = " ".join(start.split()[:2]) or row.text
    records = f"select count(*) from {ROWS} where starts_with(lower(c{row.index}), {literal(start.lower())})"
    return row.text if one_row(con, records)[0] else f"{start}*"
