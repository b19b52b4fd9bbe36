"""Commands that read the record of processing and check its signatures."""

import json
import sys
from datetime import date
from typing import Annotated

import typer

from dagster_project.audit import KINDS, read_log
from dagster_project.audit import verify as verify_log
from dagster_project.audit.log import OWN_KINDS
from dagster_project.core.plurals import counted
from dagster_project.core.terminal_console import Console
from dagster_project.serving import write_result

from .common import HOME, FormOption, HomeOption, day_option, make_group, option, require_home
from .echo import echo, print_line

ABOUT = "The record of processing: who collected, consulted, disclosed, altered, combined or erased what."
audit = make_group("audit", help=ABOUT, no_args_is_help=True)


@audit.command()
def verify(
    anchor: Annotated[
        list[str] | None, option("--anchor", "A last record, NUMBER:HASH, as an earlier verify printed it. May be repeated.")
    ] = None,
    home: HomeOption = HOME,
) -> None:
    """Find any change to the record: a changed, moved, added or missing line.

    It prints the last record's number and hash. Keep them outside the home: with --anchor they show later that nothing before
    was changed, even by somebody who had the key. Exit 1: something was changed, and the lines above say what.
    """  # fmt: skip
    require_home(home)
    result = verify_log(home, anchor or ())
    for note in result.notes:
        echo(f"pam: {note}", err=True)
    for fault in result.faults:
        echo(f"pam: audit: {fault}", err=True, fg=typer.colors.RED)
    summary = counted(result.records, "record") + (f", the last is {result.anchor}" if result.anchor else "")
    echo(summary + (f"; {counted(len(result.faults), 'fault')}" if result.faults else ": all as they were written"))
    raise typer.Exit(1 if result.faults else 0)


@audit.command()
def show(
    kind: Annotated[str | None, option("--kind", "Only of this kind, such as consultation.")] = None,
    since: Annotated[date | None, day_option("--since", "Only from this day on (UTC).")] = None,
    who: Annotated[str | None, option("--who", "Only of users whose name has this text.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="The last so many; 0 shows all.", min=0)] = 50,
    form: FormOption = "table",
    home: HomeOption = HOME,
) -> None:
    """Show the record, the newest last. `pam audit verify` checks that nothing in it was changed."""
    require_home(home)
    if kind and kind not in (*KINDS, *OWN_KINDS):
        raise typer.BadParameter(f"{kind!r} is none of {', '.join((*KINDS, *OWN_KINDS))}", param_hint="--kind")
    records = [
        r for r in read_log(home)
        if kind in (None, r.kind) and (since is None or r.at >= since.isoformat()) and (who or "") in r.who
    ][-limit:]  # fmt: skip
    if form != "table":
        rows = [(r.n, r.at, r.kind, r.who, json.dumps(r.facts, ensure_ascii=False)) for r in records]
        write_result(["n", "at", "kind", "who", "facts"], rows, form, sys.stdout)
        return
    console = Console()
    for r in records:
        print_line(console, f"{r.n}  {r.at[:19].replace('T', ' ')} UTC  {r.kind} by {r.who}")
        facts = (f"{name} {v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)}" for name, v in r.facts.items())
        print_line(console, f"    {'; '.join(facts)}", "dim")
    echo(counted(len(records), "record"))
