"""`pam docs` and `pam dbt`, for those who develop the warehouse."""

import typer

from dagster_project.core.night_lock import locked
from dagster_project.serving import record_consultation
from dagster_project.transform import dbt_sources
from dagster_project.transform.candidate import is_current, prepare_for_dbt
from dagster_project.transform.check_measure_lists import require_sound_lists
from dagster_project.transform.dbt_runner import project_relations, run_by_hand

from .common import HOME, HomeOption, ReasonOption, app, require_home
from .echo import echo
from .generate_docs import write_pages

PRINTS_ROWS = {"show", "run-operation"}
"""Commands of dbt that may print rows."""


@app.command()
def docs() -> None:
    """Write what is generated from the contracts, measures and checks: reference pages, and dbt's sources."""
    require_sound_lists()
    changed = [*write_pages(), *([dbt_sources.PATH] if dbt_sources.write() else [])]
    echo("\n".join(f"{path} written" for path in changed) or "All is up to date")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def dbt(context: typer.Context, reason: ReasonOption = "", home: HomeOption = HOME) -> None:
    """Run dbt on the home's candidate: `pam dbt test -s stg_incidents`, `pam dbt docs generate --static`.

    `pam dbt show` prints rows, and goes on record: --why says what they are for.
    """
    args = list(context.args) or ["--help"]
    if {"--help", "-h", "--version"} & {*args}:
        raise typer.Exit(run_by_hand(home, args))
    require_home(home)
    if PRINTS_ROWS & {*args}:
        named = {relation.name for relation in project_relations().values()} & {arg.strip("+") for arg in args}
        record_consultation(home, reason, by="pam dbt", relations=sorted(named))
    with locked(home):
        is_old = not is_current(home)
        if note := prepare_for_dbt(home, args):
            echo(f"pam: {note}", err=True)
        code = run_by_hand(home, args)
    if code and is_old:
        echo(
            "pam: what dbt works on is not a night of the code, lists and settings as they are now: it may lack tables, or have"
            " others. `pam nightly` builds all again",
            err=True,
        )
    if code == 0 and {"docs", "generate", "--static"} <= {*args}:
        echo(f"pam: open {home.candidate / 'dbt' / 'static_index.html'}", err=True)
    raise typer.Exit(code)
