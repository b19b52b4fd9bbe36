"""Prints to the terminal. Text from files is made safe first."""

import re
import sys
from contextlib import suppress
from shutil import get_terminal_size
from textwrap import TextWrapper, fill
from typing import TYPE_CHECKING, Any, TextIO

import typer

from dagster_project.core.terminal_text import indented_message, safe_text

if TYPE_CHECKING:
    from dagster_project.core.terminal_console import Console

_LABEL = re.compile(r" *(?:\S+(?: \S+)? {2,}|(?:Quarantined|Rolled back) )?")


def echo(text: Any = "", **more: Any) -> None:
    """`typer.echo` of safe text. Where nobody reads it any more, the command goes on to its own exit code."""
    with suppress(BrokenPipeError):
        typer.echo(_folded(text, sys.stderr) if more.get("err") else safe_text(str(text)), **more)  # noqa: TID251


def secho(text: Any, **more: Any) -> None:
    """`typer.secho` of a message in safe text, as `echo`."""
    with suppress(BrokenPipeError):
        typer.secho(_folded(text, sys.stderr if more.get("err") else sys.stdout), **more)  # noqa: TID251


def _folded(text: Any, out: TextIO) -> str:
    """Safe text of a message. A terminal that is narrower gets lines broken between words; a file or a pipe gets one line."""
    lines = safe_text(str(text)).split("\n")
    if out.isatty():
        fold = TextWrapper(get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
        lines = [fold.fill(line) if len(line) > fold.width else line for line in lines]
    return "\n".join(lines)


def print_line(console: "Console", text: str, style: str | None = None) -> None:
    """Print text without rich's markup: names and reasons come from files, and may look like markup.

    On a terminal, long lines are broken between words and continue below the text after their label. A file or a pipe gets one
    line.
    """
    text = indented_message(text)
    if console.is_terminal:
        label = _LABEL.match(text)
        indent = " " * (label.end() if label else 0)
        lines = (fill(line, console.width, subsequent_indent=indent, break_on_hyphens=False) for line in text.split("\n"))
        text = "\n".join(lines)
    console.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)


def print_lines(console: "Console", label: str, lines: list[str]) -> None:
    """Print lines below each other, the first with a label. Without any, print `none`."""
    for n, line in enumerate(lines or ["none"]):
        print_line(console, f"{label if n == 0 else '':<11} {line}")
