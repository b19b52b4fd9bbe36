"""Prints for a person: text from files is made safe for the terminal first."""

from typing import Any

import typer

from dagster_project.core.terminal_text import safe_text


def echo(text: Any = "", **more: Any) -> None:
    """`typer.echo`, of safe text."""
    typer.echo(safe_text(str(text)), **more)  # noqa: TID251


def secho(text: Any, **more: Any) -> None:
    """`typer.secho`, of safe text."""
    typer.secho(safe_text(str(text)), **more)  # noqa: TID251
