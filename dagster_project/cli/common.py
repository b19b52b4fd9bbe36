"""What all commands of `pam` share: the app, common options, and how errors are shown."""

import inspect
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.metadata import version
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from dagster_project.audit import who
from dagster_project.core.errors import with_advice
from dagster_project.core.home import Home, be_private, be_quiet
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.core.permissions import refuse_root
from dagster_project.core.terminal_text import indented_message, safe_text

from .echo import echo

be_quiet()
skip_unused_imports()
collect_garbage_less()


class _Commands(TyperGroup):
    """Shows errors that a person can act on in a line, and makes safe what a message quotes."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        with _explained():
            return super().make_context(*args, **more)

    def get_command(self, *args: Any, **more: Any) -> Any:
        """With a paragraph of help in one line, for the terminal to fold: otherwise it is broken where the source is."""
        command = super().get_command(*args, **more)
        for each_command in (command, *getattr(command, "commands", {}).values()):
            if each_command is not None and each_command.help:
                each_command.help = re.sub(r"(?<=\S)\n(?=\S)", " ", inspect.cleandoc(each_command.help))
        return command

    def invoke(self, *args: Any, **more: Any) -> Any:
        with _explained():
            return super().invoke(*args, **more)


@contextmanager
def _explained() -> Generator[None]:
    """Within, an error that a person can act on is printed as one line, not as a traceback; exit 1."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except TyperException as error:
        # Wrong use: the message quotes what was typed, and typer prints it as it is.
        error.message = safe_text(error.message)
        raise
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise typer.Exit(0) from None
    except (OSError, ValueError, RuntimeError) as error:
        echo(f"pam: {indented_message(with_advice(error))}", err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error


app = typer.Typer(
    name="pam",
    cls=_Commands,
    help="PAM Warehouse: police performance figures, from the night's extracts to published marts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def make_group(name: str, *, parent: typer.Typer = app, **more: Any) -> typer.Typer:
    """A command with commands of its own."""
    group = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]}, **more)
    parent.add_typer(group, name=name)
    return group


def option(names: str, text: str, **more: Any) -> Any:
    """An option whose help shows no default. `names`: with blanks in between."""
    return typer.Option(*names.split(), help=text, show_default=False, **more)


def as_day(text: str) -> date:
    """A day as people type it."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date (YYYY-MM-DD)") from error


def day_option(name: str, text: str) -> Any:
    return option(name, text, parser=as_day, metavar="<YYYY-MM-DD>")


def _home_of(path: str) -> Home:
    """The home of a command. Raises OtherOwnerError before anything is written."""
    home = Home.of(path)
    refuse_root(home)
    return home


HomeOption = Annotated[
    Home,
    option(
        "--home",
        "The warehouse's folder. (default: var/ in the checkout)",
        envvar="PAM_HOME",
        metavar="<path>",
        parser=_home_of,
    ),
]
HOME: Any = ""
"""The default of a `HomeOption`: what `Home.of` makes of it when the command runs."""


NO_SUCH_HOME = "no such folder (is --home, or PAM_HOME, the right one?)"


def require_home(home: Home) -> None:
    """Raises FileNotFoundError if the home does not exist, so that a mistyped path is not taken for an empty home."""
    if not home.path.is_dir():
        raise FileNotFoundError(f"{home.path}: {NO_SUCH_HOME}")


WHY = "Why you need this: it goes on record. No personal data here."
ReasonOption = Annotated[str, option("--why --reason", WHY, envvar="PAM_REASON")]
"""Why somebody reads data. `--reason` is the same, except in `pam quarantine`, where it selects rows."""


def _name(name: str) -> str:
    return name.strip() or who()


ByOption = Annotated[
    str, option("--by", "Who decides this; it goes on record. (default: the user who runs the command)", callback=_name)
]
"""Who is responsible for what the command does: a name, never blank."""

Form = Literal["table", "csv", "json"]
FormOption = Annotated[Form, typer.Option("--format", "-f", help="table, csv or json.")]
EditionOption = Annotated[
    str | None, option("--edition", "Which edition, such as 2026-03. (default: the newest of a force that there are files of)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]


def _version(is_wanted: bool) -> None:
    if is_wanted:
        echo(f"PAM Warehouse {version('pam-warehouse')}, Python {sys.version.split()[0]}, DuckDB {version('duckdb')}")
        raise typer.Exit


@app.callback()
def _private(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    be_private()
