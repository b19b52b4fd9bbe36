"""Write the tables of `marts_public` into the candidate: whole, or again from the first month that changed."""

import hashlib
from pathlib import Path

import duckdb

from dagster_project.core.candidate_files import WAREHOUSE, WORK, open_candidate
from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.core.memory import limit_memory
from dagster_project.core.sql import literal

from .changed_figures import IS_CHANGED, MONTHS_BACK, figures_made, make_changed_table
from .control_charts import write_charts
from .memory_batches import batches
from .rules import SCHEMA, describe_rule, make_rule_tables

HERE = Path(__file__).parent
MARKERS = {
    "marker": "Why there is no value: [c] not public, [x] not available, [z] nothing to divide by or none counted; else null",
    "prior_marker": "The same of prior_value; volume_change and pct_change are there where neither has [c]",
}
"""The two columns that the marts do not have. The markers are those of the Government Analysis Function."""
VALUE = "The figure, exact or rounded as the relation's description says; null where marker says why"
"""The meaning of `value`, which is exact in the marts."""


def write_public_form(home: Home, settings: Public) -> None:
    """Write `marts_public` into the home's candidate, or remove it where the settings say off."""
    with open_candidate(home.candidate / WAREHOUSE) as con:
        limit_memory(con, home)
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work (read_only)")
        secret = ""
        if settings.mode == "round":
            # Landing takes long to load, and nothing else here needs it.
            from dagster_project.landing.rows.pseudonyms import read_or_make_key

            secret = hashlib.sha256(b"rounding" + read_or_make_key(home, None).secret).hexdigest()
        write_public(con, settings, "work.staging", secret, figures_made(con))
        if settings.mode != "off":
            write_charts(con, is_exact=settings.mode == "suppress")


def write_public(
    con: duckdb.DuckDBPyConnection, settings: Public, staging: str, secret: str = "", made: str | None = None
) -> None:
    """Write `marts_public` alongside the connection's `marts`; with mode off, remove it.

    `marts_public.measures` appears only when all of it is written. Until then it is missing, or, where part of it is made
    again, as it was before.

    Args:
        con: a warehouse, open for writing.
        staging: the schema that has `areas_listed`.
        secret: seeds the rounding. Anyone who knows it can learn more than the rounded figures tell.
        made: what `figures_made` returns, with the same settings; None to make all of it. Rounded figures are always all made.
    """
    is_rounded = settings.mode == "round"
    # Figures of the night before may have been rounded with another key.
    is_whole = made is None or is_rounded
    if is_whole or settings.mode == "off":
        con.execute(f"drop schema if exists {SCHEMA} cascade")
    if settings.mode == "off":
        return
    make_rule_tables(con, settings)
    if is_rounded:
        con.execute("set variable pam_rounding = ?", [secret])
    else:
        con.execute(f"create or replace temp view areas_listed as select * from {staging}.areas_listed")
        con.execute("set variable pam_running_year = ?", [settings.running_year == "shown"])
        # Of all figures: a night that makes part of them reads only those of late. Only a year that waits asks for them.
        con.execute(
            "create or replace temp table first_months as"
            " select force_code, mart, measure, min(12 * year(period_start) + month(period_start) - 1) as month_no"
            " from marts.measures where period_type = 'month' and data_status <> 'not_available'"
            " and not getvariable('pam_running_year') group by all"
        )
    scripts = ["rounded_form"] if is_rounded else ["hide_small_counts", "suppressed_form"]
    if is_whole:
        con.execute(f"create schema {SCHEMA}")
        con.execute("create or replace temp view figures_read as from marts.measures")
        _collect(con, f"table {SCHEMA}.unfinished", "from measures", scripts)
        con.execute("begin")
        con.execute(f"alter table {SCHEMA}.unfinished rename to measures")
        _make_views(con, describe_rule(settings))
    else:
        make_changed_table(con, made)
        con.execute(
            "create or replace temp view figures_read as select r.* from marts.measures as r inner join changed"
            f" on {IS_CHANGED.format('r')} - {MONTHS_BACK}"
        )
        changed_rows = f"select measures.* from measures inner join changed on {IS_CHANGED.format('measures')}"
        _collect(con, "temp table unfinished", changed_rows, scripts)
        con.execute("begin")
        con.execute(f"delete from {SCHEMA}.measures as earlier using changed where {IS_CHANGED.format('earlier')}")
        con.execute(f"insert into {SCHEMA}.measures from temp.unfinished")
    con.execute("commit")


def _collect(con: duckdb.DuckDBPyConnection, table: str, wanted: str, scripts: list[str]) -> None:
    """Make a table of the public form of the figures that the query `wanted` selects from `measures`.

    `table`: its kind and name. `measures` is one part of `figures_read` after another, as much as fits into memory: figures
    of one force in one mart say nothing of those of another.
    """
    for n, condition in enumerate(batches(con, "figures_read")):
        con.execute(f"create or replace temp view measures as from figures_read where {condition}")
        con.execute(f"create or replace temp view wanted as {wanted}")
        _run_scripts(con, *scripts)
        into = f"insert into {table.split()[-1]}" if n else f"create or replace {table} as"
        con.execute(f"{into} from public_form")


def _run_scripts(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    for name in names:
        con.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))


def _make_views(con: duckdb.DuckDBPyConnection, comment: str) -> None:
    """Make a view for each mart. `meta` comments on the columns."""
    con.execute(f"comment on table {SCHEMA}.measures is {literal(comment)}")
    for (mart,) in con.execute("select distinct mart from rules order by mart").fetchall():
        con.execute(
            f"create or replace view {SCHEMA}.{mart} as"
            f" select * exclude (mart) from {SCHEMA}.measures where mart = {literal(mart)}"
        )
        con.execute(f"comment on view {SCHEMA}.{mart} is {literal(comment)}")
