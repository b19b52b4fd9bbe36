"""Writes the rows of an answer as a table, as CSV or as JSON. Figures are exact: decimals without trailing zeros.

In CSV, text that a spreadsheet would take for a formula is made harmless. JSON has every text unchanged.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from dagster_project.core.cell_text import escape_formula, json_text, plain_text
from dagster_project.core.terminal_text import program_output, safe_text

if TYPE_CHECKING:
    from rich.table import Table

    from dagster_project.core.terminal_console import Console

LONGEST_WORD = 30
"""Characters of a word that a table on a terminal does not break: longer ones are paths and hashes."""
BETWEEN = 2
"""Characters between the columns of a table on a terminal."""
LONGEST_CELL = 1_000
"""Characters of a cell that a table shows."""
FORMATS = ("table", "csv", "json")


def write_result(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, out: TextIO) -> None:
    """Write rows to `out` in one of FORMATS. Raises ValueError for any other format.

    Where nobody reads it any more (`| head`), nothing is raised: the command goes on to its own exit code.
    """
    if form not in FORMATS:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")
    with suppress(BrokenPipeError):
        _write_as(columns, rows, form, out)


def _write_as(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, out: TextIO) -> None:
    if form != "table":
        out = program_output(out)
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([escape_formula(c) for c in columns])
        writer.writerows([escape_formula(plain_text(v)) for v in row] for row in rows)
    elif form == "json":
        names = _distinct(columns)
        out.write("[")
        for n, row in enumerate(rows):
            out.write((",\n " if n else "") + json_text(dict(zip(names, row, strict=True))))
        out.write("]\n")
    else:
        _write_table(columns, rows, out)


def _distinct(columns: Sequence[str]) -> list[str]:
    """Column names of which none is twice: `value` and `value_1`. A name that is twice would hide the first value."""
    names: dict[str, None] = {}
    uses: Counter[str] = Counter()
    for column in columns:
        name = column
        while name in names:
            uses[column] += 1
            name = f"{column}_{uses[column]}"
        names[name] = None
    return list(names)


def _shown(value: Any) -> str:
    """A cell of a table: to lay out a long text takes minutes. The other formats write all of it."""
    text = plain_text(value)
    return safe_text(text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)")


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    from rich import box
    from rich.rule import Rule
    from rich.table import Table

    from dagster_project.core.terminal_console import Console

    body = [list(row) for row in rows]
    # In a file or a pipe a table has its full width; in a terminal it is folded.
    console = Console(file=out, width=None if out.isatty() else 10_000, highlight=False, markup=False)
    texts = [[_shown(v) for v in row] for row in body]
    cells = [[name, *(row[n] for row in texts)] for n, name in enumerate(columns)]
    widths = [_longest_word(c) if out.isatty() else 0 for c in cells]
    shown = list(range(len(columns)))
    if _is_too_wide(widths, console):
        # What all rows have is shown once, before them: the rest may fit.
        varied = [n for n in shown if len({row[n] for row in texts}) > 1]
        if varied:
            console.print(_block([(name, texts[0][n]) for n, name in enumerate(columns) if n not in varied]))
            shown = varied
    if _is_too_wide([widths[n] for n in shown], console):
        for row in texts:
            console.print(_block([(columns[n], row[n]) for n in shown]), Rule(style="dim"))
    else:
        # On a terminal a column's width is set here: Rich would make it narrower than its longest word, and cut the table off.
        room = console.width - BETWEEN * len(shown)
        fitted = _fit([_longest_line(cells[n]) for n in shown], [widths[n] for n in shown], room) if out.isatty() else None
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0) if fitted else (0, 1))
        for place, n in enumerate(shown):
            values = [r[n] for r in body if r[n] is not None]
            is_number = bool(values) and all(isinstance(v, int | float | Decimal) for v in values)
            table.add_column(
                safe_text(columns[n]), justify="right" if is_number else "left", overflow="fold",
                width=fitted[place] if fitted else None,
            )  # fmt: skip
        for row in texts:
            table.add_row(*(row[n] for n in shown))
        console.print(table)
    out.write(f"{len(body)} row{'' if len(body) == 1 else 's'}\n")


def _longest_word(texts: Iterable[str]) -> int:
    """Terminal cells of the longest word, LONGEST_WORD at most."""
    from rich.cells import cell_len

    return min(max((cell_len(w) for t in texts for w in t.split()), default=1), LONGEST_WORD)


def _is_too_wide(widths: Sequence[int], console: "Console") -> bool:
    """Whether columns, each as wide as its longest word, have no room in a terminal."""
    return sum(width + BETWEEN for width in widths) > console.width


def _longest_line(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max((cell_len(line) for t in texts for line in t.splitlines()), default=1)


def _fit(widths: list[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns that together are no more than `room`: the widest are made narrower, none under its `least`."""
    while sum(widths) > room:
        widest = max((n for n in range(len(widths)) if widths[n] > least[n]), key=lambda n: widths[n], default=None)
        if widest is None:
            break
        widths[widest] -= 1
    return widths


def _block(cells: Iterable[tuple[str, str]]) -> "Table":
    """Cells that are not blank, a line for each: its column's name and its text."""
    from rich.table import Table

    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(no_wrap=True)
    block.add_column(overflow="fold")
    for name, text in cells:
        if text:
            block.add_row(safe_text(name), text)
    return block
