"""Prints to the terminal. Text from files is made safe first."""

import re
import sys
from contextlib import suppress
from shutil import get_terminal_size
from textwrap import TextWrapper
from typing import Any, TextIO

import typer

from dagster_project.core.terminal_console import Console
from dagster_project.core.terminal_text import indented_message, safe_text

_LABEL = re.compile(r" *(?:\S+(?: \S+)? {2,}|(?:Quarantined|Rolled back) )?")
_COMMAND_IN_TEXT = re.compile(r" (pam vocabulary accept .* --counts-as \w+)")
"""A command within a message, to copy and paste: the only one that is longer than a terminal is wide."""


def echo(text: Any, *, fg: str | None = None, err: bool = False, nl: bool = True) -> None:
    """`typer.echo` of safe text, in a colour. Where nobody reads it any more, the command goes on to its own exit code."""
    safe = _folded(safe_text(str(text)), sys.stderr if err else sys.stdout)
    with suppress(BrokenPipeError):
        typer.echo(typer.style(safe, fg=fg) if fg else safe, err=err, nl=nl)  # noqa: TID251


def _folded(text: str, out: TextIO) -> str:
    """A message. A terminal that is narrower gets lines broken between words; a file or a pipe gets one line."""
    lines = text.split("\n")
    if out.isatty():
        fold = TextWrapper(get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
        lines = [_fold(line, fold) if len(line) > fold.width else line for line in lines]
    return "\n".join(lines)


def _fold(line: str, fold: TextWrapper) -> str:
    """A line, broken between words. A command to paste has a line of its own, which only the terminal breaks: a line end would
    end the command, or become part of a value."""
    before, *command = _COMMAND_IN_TEXT.split(line, maxsplit=1)
    rest = command.pop() if command else ""
    return "\n".join([fold.fill(before), *(fold.subsequent_indent + c for c in command), *filter(None, [fold.fill(rest)])])


def print_line(console: Console, text: str, style: str | None = None) -> None:
    """Print text without rich's markup: names and reasons come from files, and may look like markup.

    On a terminal, long lines are broken between words and continue below the text after their label. A file or a pipe gets one
    line.
    """
    text = indented_message(text)
    if console.is_terminal:
        label = _LABEL.match(text)
        indent = " " * (label.end() if label else 0)
        fold = TextWrapper(console.width, subsequent_indent=indent, break_on_hyphens=False)
        lines = (_fold(line, fold) for line in text.split("\n"))
        text = "\n".join(lines)
    console.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)


def print_lines(console: Console, label: str, lines: list[str]) -> None:
    """Print lines below each other, the first with a label. Without any, print `none`."""
    for n, line in enumerate(lines or ["none"]):
        print_line(console, f"{label if n == 0 else '':<11} {line}")
