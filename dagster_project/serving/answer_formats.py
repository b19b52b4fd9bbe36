"""Writes the rows of an answer as a table, as CSV or as JSON. Figures are exact: decimals without trailing zeros.

In CSV, text that a spreadsheet would take for a formula is made harmless. JSON has every text unchanged.
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from dagster_project.core.cell_text import escape_formula, json_text, plain_text
from dagster_project.core.terminal_text import program_output, safe_text

if TYPE_CHECKING:
    from dagster_project.core.terminal_console import Console

LONGEST_WORD = 30
"""Characters of a word that a table on a terminal does not break: longer ones are paths and hashes."""
LONGEST_CELL = 1_000
"""Characters of a cell that a table shows."""
FORMATS = ("table", "csv", "json")


def write_result(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, out: TextIO) -> None:
    """Write rows to `out` in one of FORMATS. Raises ValueError for any other format."""
    if form not in FORMATS:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")
    if form != "table":
        out = program_output(out)
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([escape_formula(c) for c in columns])
        writer.writerows([escape_formula(plain_text(v)) for v in row] for row in rows)
    elif form == "json":
        out.write("[")
        for n, row in enumerate(rows):
            out.write((",\n " if n else "") + json_text(dict(zip(columns, row, strict=True))))
        out.write("]\n")
    else:
        _write_table(columns, rows, out)


def _shown(value: Any) -> str:
    """A cell of a table: to lay out a long text takes minutes. The other formats write all of it."""
    text = plain_text(value)
    return safe_text(text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)")


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    from rich import box
    from rich.table import Table

    from dagster_project.core.terminal_console import Console

    body = [list(row) for row in rows]
    # In a file or a pipe a table has its full width; in a terminal it is folded.
    console = Console(file=out, width=None if out.isatty() else 10_000, highlight=False, markup=False)
    texts = [[_shown(v) for v in row] for row in body]
    widths = [_longest_word([name, *(row[n] for row in texts)]) if out.isatty() else 0 for n, name in enumerate(columns)]
    if sum(width + 2 for width in widths) > console.width:
        _write_blocks(columns, texts, console)
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for n, name in enumerate(columns):
            values = [r[n] for r in body if r[n] is not None]
            is_number = bool(values) and all(isinstance(v, int | float | Decimal) for v in values)
            table.add_column(
                safe_text(name), justify="right" if is_number else "left", overflow="fold", min_width=widths[n] or None
            )
        for row in texts:
            table.add_row(*row)
        console.print(table)
    out.write(f"{len(body)} row{'' if len(body) == 1 else 's'}\n")


def _longest_word(texts: Iterable[str]) -> int:
    """Terminal cells of the longest word, LONGEST_WORD at most."""
    from rich.cells import cell_len

    return min(max((cell_len(w) for t in texts for w in t.split()), default=1), LONGEST_WORD)


def _write_blocks(columns: Sequence[str], texts: Iterable[Sequence[str]], console: "Console") -> None:
    """Each row as a block with a line for each column, for a terminal too narrow for the table."""
    from rich.rule import Rule
    from rich.table import Table

    for row in texts:
        block = Table.grid(padding=(0, 2, 0, 0))
        block.add_column(no_wrap=True)
        block.add_column(overflow="fold")
        for name, text in zip(columns, row, strict=True):
            if text:
                block.add_row(safe_text(name), text)
        console.print(block, Rule(style="dim"))
