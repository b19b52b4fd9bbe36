"""`pam nightly` and `pam backfill`: run a night."""

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.contracts import load_contracts
from dagster_project.core.config import read_config
from dagster_project.core.home import Engine, Home
from dagster_project.core.made_up_home import SAMPLE_MARK, SampleHomeError, refuse_sample
from dagster_project.core.project_lists import force_names
from dagster_project.landing import find_files, read_ledger
from dagster_project.landing.opening.choose_mapping import with_windows
from dagster_project.nights.land_step import files_of_period
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.period_coverage import PeriodError, read_period
from dagster_project.sample import write_sample

from .common import HOME, HomeOption, QuietOption, app, option
from .night_progress import run_with_progress

InboxOption = Annotated[
    Path | None,
    option(
        "--inbox",
        "Read the extracts here, and leave them as they are. (default: from pam.toml, else inbox/ of the home, whose files are"
        " moved to its archive/)",
        exists=True,
        file_okay=False,
    ),
]
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait",
        help="Seconds to wait in all for a passing problem: another night, a full disk, a share that is not connected.",
        min=0,
    ),
]


@app.command()
def nightly(
    inbox: InboxOption = None,
    sample: Annotated[bool, option("--sample", "Run on made-up extracts for Derbyshire, in a home of their own.")] = False,
    home: HomeOption = HOME,
    rebuild: Annotated[bool, option("--rebuild", "Build every mart, also those that no new file affects.")] = False,
    engine: Annotated[
        Engine | None,
        option(
            "--engine",
            "What builds the marts: duckdb, or spark, which builds everything. (default: from pam.toml, else duckdb)",
        ),
    ] = None,
    quiet: QuietOption = False,
    wait: WaitOption = 60,
) -> None:
    """Run a night: land the extracts, build the marts, check them, publish.

    Exit 0: published, or no file is new and the last publication stays. Exit 1: held back by a check, or failed; the last
    publication stays. Exit 2: called wrongly. Exit 3: published, but its receipt could not be written, or it could not be
    loaded into PostgreSQL.
    """  # fmt: skip
    if sample and inbox:
        raise typer.BadParameter("--sample writes its own extracts; leave --inbox out", param_hint="--sample")
    if sample:
        _write_sample(home)
    else:
        refuse_sample(home)
    run = NightRun(home, inbox, rebuild=rebuild, sample=sample, patience=wait, engine=engine)
    raise typer.Exit(run_with_progress(run, quiet))


def _write_sample(home: Home) -> None:
    """Write made-up extracts to the inbox of a home that is theirs alone. Raises SampleHomeError if it holds real ones."""
    mark = home.path / SAMPLE_MARK
    home.create()
    if not mark.exists():
        if read_ledger(home) or any(not path.name.startswith(".") for path in home.inbox.iterdir()):
            raise SampleHomeError(f"{home.path} holds extracts already: give the sample a home of its own (--home DIR)")
        mark.write_text("This home holds made-up data.\n", encoding="utf-8")
    write_sample(home.inbox)


@app.command("backfill")
def backfill_command(
    first: Annotated[str, typer.Argument(metavar="FROM", help="The period's first day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="Its last day.")],
    inbox: InboxOption = None,
    home: HomeOption = HOME,
    quiet: QuietOption = False,
    wait: WaitOption = 60,
) -> None:
    """Fill a past period: a night that takes only files whose covered window overlaps it.

    An older file fills only days that no newer one covers. Afterwards it shows which days are covered, and which figures are
    still not available. Its exit codes are those of `pam nightly`.
    """
    try:
        period = read_period(first, last)
    except PeriodError as error:
        raise typer.BadParameter(str(error), param_hint="FROM TO") from error
    folder = inbox or read_config(home).night.inbox or home.inbox
    contracts = load_contracts()
    if not files_of_period(with_windows(home, contracts, find_files(folder, contracts, force_names())), period):
        raise PeriodError(f"{folder}: no file whose name says that it covers any day of {first} to {last}")
    refuse_sample(home)
    raise typer.Exit(run_with_progress(NightRun(home, inbox, period=period, patience=wait), quiet))
