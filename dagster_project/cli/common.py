"""What every command of `pam` shares: the app, the home, and how errors are shown."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from dagster_project.core.home import be_private, be_quiet
from dagster_project.core.import_speed import collect_less, import_less
from dagster_project.core.terminal_text import message, safe

from .echo import echo, secho

be_quiet()
import_less()
collect_less()


@contextmanager
def _safe_usage_errors() -> Iterator[None]:
    """Make safe what a wrong call is told: it quotes names of files, and typer prints it as it is."""
    try:
        yield
    except TyperException as error:
        error.message = safe(error.message)
        raise


class _Commands(TyperGroup):
    def make_context(self, *args: Any, **more: Any) -> Any:
        with _safe_usage_errors():
            return super().make_context(*args, **more)

    def invoke(self, *args: Any, **more: Any) -> Any:
        with _safe_usage_errors():
            return super().invoke(*args, **more)


app = typer.Typer(
    name="pam",
    cls=_Commands,
    help="PAM Warehouse: police performance figures, from the night's extracts to published marts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="PAM_HOME", help="The warehouse's folder. (default: var/ in the checkout)", show_default=False,
        readable=False,
    ),
]
"""A home may be one that its reader can pass through and not list: that of a group which reads what is published."""


WHY = "Why you ask: it goes on record. No personal data here."
ReasonOption = Annotated[str, typer.Option("--why", "--reason", envvar="PAM_REASON", help=WHY, show_default=False)]
"""The purpose of whoever asks. `--why` in every command; `--reason` too, but in `pam quarantine`, where it chooses rows."""


def _name(said: str) -> str:
    from dagster_project.audit import who

    return said.strip() or who()


ByOption = Annotated[
    str,
    typer.Option("--by", callback=_name, help="Who says so; it is written down. (default: the user who runs the command)",
                 show_default=False),
]  # fmt: skip
"""Who answers for what the command does: a name, never blank."""


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        echo(f"PAM Warehouse {version('pam-warehouse')}, Python {sys.version.split()[0]}, DuckDB {version('duckdb')}")
        raise typer.Exit


@app.callback()
def _private(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    be_private()


@contextmanager
def explained() -> Iterator[None]:
    """Errors that a person can act on are said in a line, not as a traceback; exit 1."""
    try:
        yield
    except BrokenPipeError:
        # Whoever reads has seen enough.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise typer.Exit(0) from None
    except (OSError, ValueError, RuntimeError) as error:
        from dagster_project.core.errors import with_advice

        secho(f"pam: {message(with_advice(error))}", err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error


def check_form(form: str) -> None:
    """Refuse a `--format` that no answer can be written in. Raises typer.BadParameter."""
    from dagster_project.serving import FORMATS

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}", param_hint="--format")
