"""`pam checks`: shows the gate's results for a night, and writes Great Expectations' Data Docs."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from .common import HOME, HomeOption, ReasonOption, app, option
from .echo import echo

DOCS_NIGHTS = 10
"""Nights in the Data Docs if none is named."""


@app.command()
def checks(
    night: Annotated[str | None, option("--night", "A night, by its id. (default: the last one judged)")] = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="table or json.")] = "table",
    every: Annotated[bool, typer.Option("--all", help="Show the rules that passed, too.")] = False,
    docs: Annotated[Path | None, option("--docs", "Write Great Expectations' Data Docs to this folder instead.")] = None,
    project: Annotated[
        Path | None,
        option("--gx-project", "Write suites and results to this folder, as a project that Great Expectations' own API opens."),
    ] = None,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Show which of a night's checks failed, also of a held night: level, rule, and the values that broke it.

    JSON includes Great Expectations' own validation results, which its API loads. Data Docs need no network: open index.html.

    Example: pam checks --night 20260126T020000Z

    Example: pam checks --docs data-docs/
    """
    from dagster_project.core.receipts import read_receipts
    from dagster_project.quality import data_docs, stored_results
    from dagster_project.serving import record_consultation, write_result

    night_id = stored_results.find_night_id(home, night)
    record_consultation(home, reason, by="pam checks", night=night_id, docs=bool(docs or project))
    nights = [night_id] if night else stored_results.nights(home)[-DOCS_NIGHTS:]
    if docs:
        echo(str(data_docs.write_docs(home, docs.expanduser().absolute(), nights)))
    if project:
        echo(str(stored_results.write_project(home, project.expanduser().absolute(), nights)))
    if docs or project:
        return
    receipt = next((r for r in read_receipts(home) if r.night_id == night_id), None)
    outcomes = receipt.checks if receipt else []
    if form == "json":
        body = {"night_id": night_id, "checks": outcomes, "results": stored_results.read_results(home, night_id)}
        sys.stdout.write(json.dumps(body, indent=1, ensure_ascii=False) + "\n")
        return
    columns = ("subject", "rule", "level", "passed", "found", "advice")
    rows = [
        (c["subject"], c["rule"], c["severity"], "yes" if c["passed"] else "no", c["found"], c["advice"])
        for c in sorted(outcomes, key=lambda c: (c["passed"], c["severity"], c["subject"], c["rule"]))
        if every or not c["passed"]
    ]
    if rows:
        write_result(columns, rows, "table", sys.stdout)
    outcome = receipt.outcome if receipt else "not finished"
    passed = sum(c["passed"] for c in outcomes)
    echo(f"Night {night_id} ({outcome}): {passed} of {len(outcomes)} checks passed")
