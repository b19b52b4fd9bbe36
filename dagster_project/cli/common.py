"""What all commands of `pam` share: the app, common options, and how errors are shown."""

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
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.core.terminal_text import indented_message, safe_text

from .echo import echo, secho

be_quiet()
skip_unused_imports()
collect_garbage_less()


@contextmanager
def _safe_usage_errors() -> Iterator[None]:
    """Make safe what a wrong call is told: it quotes names of files, and typer prints it as it is."""
    try:
        yield
    except TyperException as error:
        error.message = safe_text(error.message)
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
        "--home",
        envvar="PAM_HOME",
        help="The warehouse's folder. (default: var/ in the checkout)",
        show_default=False,
        readable=False,
    ),
]
"""`readable=False`, as a group that reads what is published can't list the home."""


WHY = "Why you need this: it goes on record. No personal data here."
ReasonOption = Annotated[str, typer.Option("--why", "--reason", envvar="PAM_REASON", help=WHY, show_default=False)]
"""Why somebody reads data. `--reason` is the same, except in `pam quarantine`, where it selects rows."""


def _name(name: str) -> str:
    from dagster_project.audit import who

    return name.strip() or who()


ByOption = Annotated[
    str,
    typer.Option("--by", callback=_name, help="Who decides this; it goes on record. (default: the user who runs the command)",
                 show_default=False),
]  # fmt: skip
"""Who is responsible for what the command does: a name, never blank."""


def _version(is_wanted: bool) -> None:
    if is_wanted:
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
    """Within, an error that a person can act on is printed as one line, not as a traceback; exit 1."""
    try:
        yield
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise typer.Exit(0) from None
    except (OSError, ValueError, RuntimeError) as error:
        from dagster_project.core.errors import with_advice

        secho(f"pam: {indented_message(with_advice(error))}", err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error


def check_form(form: str) -> None:
    """Refuse a `--format` that no answer can be written in. Raises typer.BadParameter."""
    from dagster_project.serving import FORMATS

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}", param_hint="--format")
