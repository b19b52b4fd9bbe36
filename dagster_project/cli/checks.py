"""`pam checks`: shows the gate's results for a night, and writes Great Expectations' Data Docs."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from dagster_project.core.check_results import Check
from dagster_project.core.receipts import NightNotFoundError, match_night, read_receipt
from dagster_project.core.terminal_console import Console
from dagster_project.quality import data_docs, stored_results
from dagster_project.serving import record_consultation

from .common import HOME, HomeOption, ReasonOption, app, option
from .echo import echo, print_line
from .render_night import show_failed

DOCS_NIGHTS = 10
"""Nights in the Data Docs if none is named."""


@app.command()
def checks(
    night: Annotated[str | None, option("--night", "A night, by its id. (default: the last one judged)")] = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="table or json.")] = "table",
    every: Annotated[bool, option("--all", "Show the rules that passed, too.")] = False,
    docs: Annotated[Path | None, option("--docs", "Write Great Expectations' Data Docs to this folder instead.")] = None,
    project: Annotated[
        Path | None,
        option("--gx-project", "Write suites and results to this folder, as a project that Great Expectations' own API opens."),
    ] = None,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Show which of a night's checks failed, also of a held night: what is wrong, the rule, and what to do.

    JSON includes Great Expectations' own validation results, which its API loads. Data Docs need no network: open index.html.

    Example: pam checks --night 20260126T020000Z

    Example: pam checks --docs data-docs/
    """
    stored = stored_results.nights(home)
    if not stored:
        raise NightNotFoundError(f"{home.path}: no night has been checked yet; `pam nightly` runs one")
    night_id = match_night(night, stored, "night with results") if night else stored[-1]
    record_consultation(home, reason, by="pam checks", night=night_id, docs=bool(docs or project))
    nights = [night_id] if night else stored[-DOCS_NIGHTS:]
    if docs:
        echo(str(data_docs.write_docs(home, docs.expanduser().absolute(), nights)))
    if project:
        echo(str(stored_results.write_project(home, project.expanduser().absolute(), nights)))
    if docs or project:
        return
    receipt = read_receipt(home, night_id)
    outcomes = receipt.checks if receipt else []
    if form == "json":
        checks = [asdict(Check(**c)) for c in outcomes]
        body = {"night_id": night_id, "checks": checks, "results": stored_results.read_results(home, night_id)}
        sys.stdout.write(json.dumps(body, indent=1, ensure_ascii=False) + "\n")
        return
    console = Console()
    show_failed(console, outcomes, night_id)
    passed = [c for c in outcomes if c["passed"]]
    for c in sorted(passed, key=lambda c: (c["severity"], c["subject"], c["rule"])) if every else ():
        print_line(console, f"Passed    {c['subject']}: {c['rule']} ({c['severity']})")
    outcome = receipt.outcome if receipt else "not finished"
    echo(f"Night {night_id} ({outcome}): {len(passed)} of {len(outcomes)} checks passed")
