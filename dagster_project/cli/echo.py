"""Prints to the terminal. Text from files is made safe first."""

import re
from contextlib import suppress
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

from dagster_project.core.terminal_text import indented_message, safe_text

if TYPE_CHECKING:
    from dagster_project.core.terminal_console import Console

_LABEL = re.compile(r" *(?:\S+(?: \S+)? {2,}|(?:Quarantined|Rolled back) )?")


def echo(text: Any, *, fg: str | None = None, err: bool = False, nl: bool = True) -> None:
    """`typer.echo` of safe text, in a colour. Where nobody reads it any more, the command goes on to its own exit code."""
    safe = safe_text(str(text))
    with suppress(BrokenPipeError):
        typer.echo(typer.style(safe, fg=fg) if fg else safe, err=err, nl=nl)  # noqa: TID251


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
