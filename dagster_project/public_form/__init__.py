"""The schema `marts_public`: the figures of the marts in the form that may leave the force.

docs/explanation/disclosure.md says the method.

Made from the candidate's marts, in SQL, before the gate, which judges it. The marts stay exact; `pam.toml` says what becomes
of the public form, `seeds/public_cuts.csv` which figures are counted from the same events and what each may be told apart by.
"""

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.core.memory import limit_memory, megabytes
from dagster_project.core.row_tables import make_table
from dagster_project.core.seeds import read_seed
from dagster_project.core.sql import literal, one_row
from dagster_project.landing.pseudonyms import find_pseudonym_key
from dagster_project.transform.candidate import open_candidate
from dagster_project.transform.raw_schema import WAREHOUSE, WORK

from .charts import write_charts

SCHEMA = "marts_public"
HERE = Path(__file__).parent
CUT = {
    "mart": "varchar", "measure": "varchar", "unit": "varchar", "aggregation": "varchar", "numerator": "varchar",
    "denominator": "varchar", "denominator_category": "varchar", "is_shown": "boolean", "role": "varchar",
    "of_measure": "varchar", "of_category": "varchar", "attribute": "varchar", "by_area": "boolean", "by_category": "boolean",
}  # fmt: skip
MARKERS = {
    "marker": "Why there is no value: [c] not public, [x] not available, [z] nothing to divide by or none counted; else null",
    "prior_marker": "The same of prior_value; volume_change and pct_change are there where neither has [c]",
}
"""The two columns that the marts do not have. The marks are those of the Government Analysis Function."""


MADE = ("raw", "figures_made")
"""Where a night in part leaves which figures it made."""
LOOKS_BACK = 24
A_FIGURE = 2048
"""Bytes of memory that looking at a figure and writing it down takes, at most."""
OF_DUE = (
    "due.mart = {0}.mart and due.force_code = {0}.force_code"
    " and 12 * year({0}.period_end) + month({0}.period_end) - 1 >= due.from_m"
)


def said(settings: Public) -> str:
    """What the schema's figures are, in a sentence."""
    if settings.mode == "round":
        return (
            f"Rounded for the public: counts to {settings.base}, money to {settings.money_base} pounds, by month; 0 is 0 to"
            f" {settings.base - 1}, and parts need not add to their whole."
        )
    others = ", ".join(f"{t} for {measure}" for measure, t in sorted(settings.thresholds.items()))
    running = "" if settings.running_year == "shown" else ", and no financial year that is not over"
    return (
        f"For the public: counts under {settings.threshold}{f' ({others})' if others else ''} are not shown, nothing that they"
        f" can be worked out from{running}; what is shown is exact."
    )


def cuts() -> list[dict[str, Any]]:
    """A row a measure of `seeds/measure_list.csv`, with what `seeds/public_cuts.csv` says of it, if anything."""
    named = {(r["mart"], r["measure"]): r for r in read_seed("public_cuts")}
    rows = []
    for listed in read_seed("measure_list"):
        row = {**listed, "is_shown": listed["is_published"], **named.get((listed["mart"], listed["measure"]), {})}
        rows.append({name: row.get(name) or None for name in CUT})
    return rows


def families(rows: list[dict[str, Any]], settings: Public) -> list[tuple[str, str, float]]:
    """Mart, measure and threshold of every count. Counts of the same events have one: the highest that any of them is given."""
    above = {(r["mart"], r["measure"]): (r["mart"], r["of_measure"]) for r in rows if r["role"] in ("part", "same")}
    root = {}
    for row in rows:
        at = key = (row["mart"], row["measure"])
        while at in above:
            at = above[at]
        if row["role"] in ("events", "part", "same", "stock"):
            root[key] = at
    given: dict[tuple[str, str], list[int]] = {}
    for (_, measure), at in root.items():
        given.setdefault(at, []).append(settings.threshold_of(measure))
    return [(mart, measure, max(given[at])) for (mart, measure), at in root.items()]


def publish_public(home: Home, settings: Public, key_of: Home | None = None) -> None:
    """Write `marts_public` into the home's candidate, or take it away where the settings say off.

    `key_of`: the home whose key the rounding's chance is made of, where it is another.
    """
    con = open_candidate(home.candidate / WAREHOUSE)
    try:
        limit_memory(con, home)
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work (read_only)")
        secret = ""
        if settings.mode == "round":
            secret = hashlib.sha256(b"rounding" + find_pseudonym_key(key_of or home, None).secret).hexdigest()
        tables = con.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()
        stands = {("work", *MADE), ("warehouse", SCHEMA, "measures")} <= {*tables}
        made = ".".join(("work", *MADE)) if stands else None
        write_public(con, settings, "work.staging", secret, made)
        if settings.mode != "off":
            write_charts(con, SCHEMA, is_exact=settings.mode == "suppress")
    finally:
        con.close()


def write_public(
    con: duckdb.DuckDBPyConnection, settings: Public, staging: str, secret: str = "", made: str | None = None
) -> None:
    """Write `marts_public` beside the connection's `marts`; with mode off, take it away. Its `measures` is there when all of it
    is: until then nothing is, or what stood where a part of it is made again.

    Args:
        con: a warehouse, open for writing. staging: the schema that has `areas_listed`. secret: what the rounding's chance is
        made of; whoever knows it can tell more than the rounded figures say. made: the relation that says which figures were
        made since `marts_public` was written with the same settings, in the columns of `figures_due`; all, where it is None.
        What is rounded is made whole.
    """
    is_rounded = settings.mode == "round"
    # What stands may have been rounded with another key.
    is_whole = made is None or is_rounded
    if is_whole or settings.mode == "off":
        con.execute(f"drop schema if exists {SCHEMA} cascade")
    if settings.mode == "off":
        return
    rows = cuts()
    make_table(con, "cut", CUT, [tuple(r.values()) for r in rows], temporary=True)
    kinds = {"mart": "varchar", "measure": "varchar", "threshold": "double"}
    make_table(con, "family", kinds, families(rows, settings), temporary=True)
    if is_rounded:
        bases = [("count", settings.base), ("gbp", settings.money_base)]
        make_table(con, "bases", {"unit": "varchar", "base": "double"}, bases, temporary=True)
        con.execute("set variable pam_rounding = ?", [secret])
    else:
        con.execute(f"create or replace temp view areas_listed as select * from {staging}.areas_listed")
        con.execute("set variable pam_running_year = ?", [settings.running_year == "shown"])
    steps = ["rounded"] if is_rounded else ["suppress", "suppressed"]
    if is_whole:
        con.execute(f"create schema {SCHEMA}")
        con.execute("create or replace temp view looked_at as from marts.measures")
        _gather(con, f"table {SCHEMA}.gathered", "from measures", steps)
        con.execute("begin")
        con.execute(f"alter table {SCHEMA}.gathered rename to measures")
    else:
        _look_back(con, str(made))
        due = f"select measures.* from measures inner join due on {OF_DUE.format('measures')}"
        _gather(con, "temp table gathered", due, steps)
        con.execute("begin")
        con.execute(f"delete from {SCHEMA}.measures as standing using due where {OF_DUE.format('standing')}")
        con.execute(f"insert into {SCHEMA}.measures from temp.gathered")
    _name(con, sorted({r["mart"] for r in rows}), said(settings))
    con.execute("commit")


def _gather(con: duckdb.DuckDBPyConnection, table: str, wanted: str, steps: list[str]) -> None:
    """Make the table that `table` says, kind and name, of the public form of the figures that `wanted` asks of `measures`:
    those of `looked_at` that are looked at together.

    No figure of one force in one mart says anything of another's: many are looked at in parts, which fit into a night's memory.
    """
    for place, condition in enumerate(_parts(con)):
        con.execute(f"create or replace temp view measures as from looked_at where {condition}")
        con.execute(f"create or replace temp view wanted as {wanted}")
        _run(con, *steps)
        into = f"insert into {table.split()[-1]}" if place else f"create or replace {table} as"
        con.execute(f"{into} from public_form")


def _parts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What of `looked_at` to look at together, in SQL: whole forces of marts, as many as there is room for."""
    figures = con.execute("select mart, force_code, count(*) from looked_at group by all order by all").fetchall()
    at_once = _room(con)
    if sum(n for _, _, n in figures) <= at_once:
        return ["true"]
    parts: list[dict[str, list[str]]] = []
    left = 0
    for mart, force, n in figures:
        if not parts or n > left:
            parts.append({})
            left = at_once
        parts[-1].setdefault(mart, []).append(literal(force or ""))
        left -= n
    return [
        " or ".join(
            f"mart = {literal(mart)} and coalesce(force_code, '') in ({', '.join(forces)})" for mart, forces in part.items()
        )
        for part in parts
    ]


def _room(con: duckdb.DuckDBPyConnection) -> int:
    """How many figures may be looked at together."""
    (limit,) = one_row(con.execute("select current_setting('memory_limit')"))
    return (megabytes(limit) << 20) // A_FIGURE


def _look_back(con: duckdb.DuckDBPyConnection, made: str) -> None:
    """Make `due`, which public figures are made again, and `looked_at`, the marts' rows that those are made of.

    How finely a financial year is shown is decided on all of it, and on whether it is over: so public figures are due from the
    April before the first month that is made again, and before what follows on the last month that is covered whole. A figure
    and that of the year before look back over two years more. Whether a figure as at a day is shown is decided on all its days:
    its mart is made whole.
    """
    m = "12 * year(r.period_end) + month(r.period_end) - 1"
    con.execute(
        f"""
        create or replace temp table due as
        with over as (
            select
                made.mart, made.force_code, r.measure,
                1 + coalesce(max({m}) filter (r.data_status = 'complete'), 0) as to_m
            from {made} as made
            inner join marts.measures as r on made.mart = r.mart and made.force_code = r.force_code
            inner join cut on r.mart = cut.mart and r.measure = cut.measure
            where cut.role = 'events' and r.area_type = 'force' and r.category = 'all' and r.period_type = 'month'
                and {m} < made.from_month_no
            group by all
        )
        select
            made.mart, made.force_code,
            case
                when made.mart in (select mart from cut where role = 'stock') then 0
                else greatest(0, 12 * floor((least(made.from_month_no, min(over.to_m)) - 3) / 12) + 3)
            end::int as from_m
        from {made} as made
        left join over on made.mart = over.mart and made.force_code = over.force_code
        group by made.mart, made.force_code, made.from_month_no
        """
    )
    con.execute(
        "create or replace temp view looked_at as select r.* from marts.measures as r inner join due"
        f" on {OF_DUE.format('r')} - {LOOKS_BACK}"
    )


def _run(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    for name in names:
        con.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))


def _name(con: duckdb.DuckDBPyConnection, marts: list[str], said: str) -> None:
    """A view a mart, as the marts have. `meta` comments on the columns."""
    con.execute(f"comment on table {SCHEMA}.measures is {literal(said)}")
    for mart in marts:
        con.execute(
            f"create or replace view {SCHEMA}.{mart} as"
            f" select * exclude (mart) from {SCHEMA}.measures where mart = {literal(mart)}"
        )
        con.execute(f"comment on view {SCHEMA}.{mart} is {literal(said)}")
