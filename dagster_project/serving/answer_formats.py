"""A query's answer as a table, as CSV or as JSON. Figures are exact: decimals as written, without trailing zeros.

In CSV, text that a spreadsheet would take for a formula is made harmless; JSON has every text as it is.
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TextIO

from dagster_project.core.cell_text import json_text, neutral, plain
from dagster_project.core.terminal_text import exact, safe

LONGEST_CELL = 1_000
"""Characters of a cell that a table shows."""
FORMATS = ("table", "csv", "json")


def write_result(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, out: TextIO) -> None:
    """Write rows to `out` in one of FORMATS. Raises ValueError for another."""
    if form not in FORMATS:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")
    if form != "table":
        out = exact(out)
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([neutral(c) for c in columns])
        writer.writerows([neutral(plain(v)) for v in row] for row in rows)
    elif form == "json":
        out.write("[")
        for n, row in enumerate(rows):
            out.write((",\n " if n else "") + json_text(dict(zip(columns, row, strict=True))))
        out.write("]\n")
    else:
        _write_table(columns, rows, out)


def _cut(text: str) -> str:
    """A cell as a table shows it: laying out a long text takes minutes. The other formats write all of it."""
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    from rich import box
    from rich.table import Table

    from dagster_project.core.terminal_console import Console

    body = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for n, name in enumerate(columns):
        values = [r[n] for r in body if r[n] is not None]
        number = bool(values) and all(isinstance(v, int | float | Decimal) for v in values)
        table.add_column(safe(name), justify="right" if number else "left", overflow="fold", no_wrap=False)
    for row in body:
        table.add_row(*(safe(_cut(plain(v))) for v in row))
    # To a file or a pipe a table is as wide as it is; a person's window folds it.
    Console(file=out, width=None if out.isatty() else 10_000, highlight=False, markup=False).print(table)
    out.write(f"{len(body)} row{'' if len(body) == 1 else 's'}\n")
