"""`pam query` and `pam sql`: the published figures in SQL."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from dagster_project.core.config import Limits, visible_settings
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.serving import connect
from dagster_project.serving.prompt import run
from dagster_project.serving.query import answer, answer_to_file

from .common import HOME, FormOption, HomeOption, ReasonOption, app, option
from .echo import echo

AnswerFormOption = Annotated[
    Literal["table", "csv", "json", "parquet", "xlsx"],
    typer.Option("--format", "-f", help="table, csv, json, parquet or xlsx."),
]
SecondsOption = Annotated[
    float | None, typer.Option("--seconds", help="How long a query may take; 0: no limit. (default: 60)", min=0)
]
MemoryOption = Annotated[
    str | None, typer.Option("--memory", help="Memory that a query may use, such as 500MB. (default: 2GB)")
]
RowsOption = Annotated[int | None, typer.Option("--rows", help="Rows shown in a table; 0: all. (default: 10000)", min=0)]


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            help="A query in DuckDB's SQL. Relations are marts.*, marts_public.*, bi.*, reports.* and meta.*; `-` reads it from"
            " standard input."
        ),
    ],
    form: AnswerFormOption = "table",
    out: Annotated[Path | None, option("--out -o", "Write the answer to this file.")] = None,
    seconds: SecondsOption = None,
    memory: MemoryOption = None,
    rows: RowsOption = None,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Query the published figures. Nothing else can be read, and nothing changed.

    Example: pam query "select period_label, value from marts.mart_incidents where measure = 'incidents_drugs' and
    area_type = 'force' and period_type = 'calendar_year'"
    """  # fmt: skip
    if form in ("parquet", "xlsx") and out is None:
        raise typer.BadParameter(f"{form} is written to a file: name it with --out", param_hint="--format")
    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise typer.BadParameter("there is no query", param_hint="SQL")
    limits = _limits_of(home, seconds, memory, rows)
    if out is not None:
        remark = answer_to_file(home, text, form, out, limits, reason)
        if remark:
            echo(f"pam: {remark}", err=True)
        if holds_made_up(home):
            # A CSV, JSON or Parquet file of figures has no place for it.
            echo(f"pam: {out}: all figures are made up; say so where you pass it on", err=True)
        return
    with connect(home, reason, by="pam query", query=text, memory=limits.memory) as con:
        remark = answer(con, text, form, sys.stdout, limits)
    if remark:
        echo(f"pam: {remark}", err=True)


@app.command()
def sql(
    form: FormOption = "table",
    seconds: SecondsOption = None,
    memory: MemoryOption = None,
    rows: RowsOption = None,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    r"""Query the published figures at a prompt: history, completion of marts, measures and columns, and \? for help.

    If standard input is not a terminal, queries are read from it, each ending with a semicolon.
    """
    failed = run(home, _limits_of(home, seconds, memory, rows), form, reason)
    raise typer.Exit(1 if failed else 0)


def _limits_of(home: Home, seconds: float | None, memory: str | None, rows: int | None) -> Limits:
    """What a query may use: as the options say, else as the home's settings do."""
    options = {"seconds": seconds, "memory": memory, "rows": rows}
    return visible_settings(home).query.model_copy(update={k: v for k, v in options.items() if v is not None})
