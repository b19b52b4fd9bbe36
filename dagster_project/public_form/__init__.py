"""The schema `marts_public`: the figures of the marts in the form that may leave the force.

docs/explanation/disclosure.md explains the method.

Made in SQL from the candidate's marts, before the gate judges it: `choose_public_periods` decides what the suppressed form
shows and `write_suppressed` writes it; `write_rounded` makes the rounded form. `public_windows` adds up what is shown. The
marts stay exact. `pam.toml` sets the form; `seeds/public_cuts.csv` says which figures count the same events, and how each of
them is split.
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
from dagster_project.landing.pseudonyms import read_or_make_key
from dagster_project.transform.candidate import open_candidate
from dagster_project.transform.raw_schema import WAREHOUSE, WORK

SCHEMA = "marts_public"
HERE = Path(__file__).parent
RULE_COLUMNS = {
    "mart": "varchar", "measure": "varchar", "unit": "varchar", "aggregation": "varchar", "numerator": "varchar",
    "denominator": "varchar", "denominator_category": "varchar", "is_shown": "boolean", "role": "varchar",
    "of_measure": "varchar", "of_category": "varchar", "attribute": "varchar", "by_area": "boolean", "by_category": "boolean",
}  # fmt: skip
MARKERS = {
    "marker": "Why there is no value: [c] not public, [x] not available, [z] nothing to divide by or none counted; else null",
    "prior_marker": "The same of prior_value; volume_change and pct_change are there where neither has [c]",
}
"""The two columns that the marts do not have. The markers are those of the Government Analysis Function."""
FIGURES_MADE = ("raw", "figures_made")
"""The relation of `work` in which a night that builds only part of the marts records which figures it made."""
MONTHS_BACK = 24
"""A figure and its figure of the year before depend on two years of months before them."""
BYTES_PER_FIGURE = 2048
"""Memory that hiding or rounding one figure needs at most."""
IS_CHANGED = (
    "changed.mart = {0}.mart and changed.force_code = {0}.force_code"
    " and 12 * year({0}.period_end) + month({0}.period_end) - 1 >= changed.from_m"
)
"""Whether a row, by the alias of its table, is of a public figure to be made again."""


def describe_rule(settings: Public) -> str:
    """What the public form shows and hides, in a sentence."""
    if settings.mode == "round":
        return (
            f"Rounded for the public: counts to {settings.base}, money to {settings.money_base} pounds, by month; 0 is 0 to"
            f" {settings.base - 1}, and parts need not add to their whole."
        )
    others = ", ".join(f"{t} for {measure}" for measure, t in sorted(settings.thresholds.items()))
    running = "" if settings.running_year == "shown" else ", and no financial year that is not over"
    return (
        f"For the public: counts under {settings.threshold}{f' ({others})' if others else ''} are not shown, nor anything that"
        f" they can be worked out from{running}; what is shown is exact."
    )


def read_rules() -> list[dict[str, Any]]:
    """A row for each measure of `seeds/measure_list.csv`, in RULE_COLUMNS, with what `seeds/public_cuts.csv` adds to it."""
    cuts = {(r["mart"], r["measure"]): r for r in read_seed("public_cuts")}
    rows = []
    for measure in read_seed("measure_list"):
        row = {**measure, "is_shown": measure["is_published"], **cuts.get((measure["mart"], measure["measure"]), {})}
        rows.append({name: row.get(name) or None for name in RULE_COLUMNS})
    return rows


def thresholds(rules: list[dict[str, Any]], settings: Public) -> list[tuple[str, str, float]]:
    """Mart, measure and threshold of every count. Counts of the same events share the highest threshold set for any of them."""
    parents = {(r["mart"], r["measure"]): (r["mart"], r["of_measure"]) for r in rules if r["role"] in ("part", "same")}
    roots = {}
    for rule in rules:
        root = key = (rule["mart"], rule["measure"])
        while root in parents:
            root = parents[root]
        if rule["role"] in ("events", "part", "same", "stock"):
            roots[key] = root
    by_root: dict[tuple[str, str], list[int]] = {}
    for (_, measure), root in roots.items():
        by_root.setdefault(root, []).append(settings.threshold_of(measure))
    return [(mart, measure, max(by_root[root])) for (mart, measure), root in roots.items()]


def make_rule_tables(con: duckdb.DuckDBPyConnection, settings: Public) -> None:
    """Make the temporary tables `rules` (RULE_COLUMNS and is_exempt: whether every figure of the measure is shown as it is),
    `thresholds` (mart, measure, threshold) and `bases` (unit, base to round to; empty where figures are not rounded).
    """
    rules = read_rules()
    make_table(con, "listed_rules", RULE_COLUMNS, [tuple(r.values()) for r in rules], temporary=True)
    columns = {"mart": "varchar", "measure": "varchar", "threshold": "double"}
    make_table(con, "thresholds", columns, thresholds(rules, settings), temporary=True)
    con.execute(
        """
        create or replace temp table rules as
        select listed.*, coalesce(listed.role = 'public' or thresholds.threshold <= 1, false) as is_exempt
        from listed_rules as listed
        left join thresholds
            on listed.mart = thresholds.mart
            and thresholds.measure = case
                when listed.numerator is not null then listed.numerator
                when listed.role = 'rests_on' then listed.of_measure
                else listed.measure
            end
        """
    )
    bases = [("count", settings.base), ("gbp", settings.money_base)] if settings.mode == "round" else []
    make_table(con, "bases", {"unit": "varchar", "base": "double"}, bases, temporary=True)


def write_public_form(home: Home, settings: Public) -> None:
    """Write `marts_public` into the home's candidate, or remove it where the settings say off."""
    with open_candidate(home.candidate / WAREHOUSE) as con:
        limit_memory(con, home)
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work (read_only)")
        secret = ""
        if settings.mode == "round":
            secret = hashlib.sha256(b"rounding" + read_or_make_key(home, None).secret).hexdigest()
        write_public(con, settings, "work.staging", secret, figures_made(con))
        if settings.mode != "off":
            write_charts(con, is_exact=settings.mode == "suppress")


def figures_made(con: duckdb.DuckDBPyConnection) -> str | None:
    """The relation of the figures made since `marts_public` was written, in the columns of `figures_to_rebuild`; None if all of
    them were made. `con`: a connection to `warehouse` and `work`.
    """
    tables = {*con.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()}
    in_part = {("work", *FIGURES_MADE), ("warehouse", SCHEMA, "measures")} <= tables
    return ".".join(("work", *FIGURES_MADE)) if in_part else None


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
    scripts = ["write_rounded"] if is_rounded else ["choose_public_periods", "write_suppressed"]
    if is_whole:
        con.execute(f"create schema {SCHEMA}")
        con.execute("create or replace temp view figures_read as from marts.measures")
        _collect(con, f"table {SCHEMA}.unfinished", "from measures", scripts)
        con.execute("begin")
        con.execute(f"alter table {SCHEMA}.unfinished rename to measures")
        _make_views(con, describe_rule(settings))
    else:
        make_changed_table(con, str(made))
        con.execute(
            "create or replace temp view figures_read as select r.* from marts.measures as r inner join changed"
            f" on {IS_CHANGED.format('r')} - {MONTHS_BACK}"
        )
        wanted = f"select measures.* from measures inner join changed on {IS_CHANGED.format('measures')}"
        _collect(con, "temp table unfinished", wanted, scripts)
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


def batches(con: duckdb.DuckDBPyConnection, figures: str) -> list[str]:
    """SQL conditions that split a relation of figures into batches that fit into memory, by whole forces of marts."""
    force_code = "coalesce(force_code, '')"
    counts = con.execute(f"select mart, {force_code}, count(*) from {figures} group by all order by all").fetchall()
    (limit,) = one_row(con.execute("select current_setting('memory_limit')"))
    most = (megabytes(limit) << 20) // BYTES_PER_FIGURE
    if sum(n for _, _, n in counts) <= most:
        return ["true"]
    forces_by_mart: list[dict[str, list[str]]] = []
    left = 0
    for mart, force, n in counts:
        if not forces_by_mart or n > left:
            forces_by_mart.append({})
            left = most
        forces_by_mart[-1].setdefault(mart, []).append(literal(force))
        left -= n
    return [
        " or ".join(f"mart = {literal(mart)} and {force_code} in ({', '.join(forces)})" for mart, forces in batch.items())
        for batch in forces_by_mart
    ]


def make_changed_table(con: duckdb.DuckDBPyConnection, made: str) -> None:
    """Make the temporary table `changed`: from which month on the public figures of a mart and force are made again.

    How finely a financial year is shown depends on all of its months, and on whether it is over. So public figures are made
    again from the April before the first month that changed, and before the month after the last one that is covered whole.
    Whether a figure as at a day is shown depends on all its days: its mart is made again whole.
    """
    m = "12 * year(r.period_end) + month(r.period_end) - 1"
    con.execute(
        f"""
        create or replace temp table changed as
        with finished as (
            select
                made.mart, made.force_code, r.measure,
                1 + coalesce(max({m}) filter (r.data_status = 'complete'), 0) as to_m
            from {made} as made
            inner join marts.measures as r on made.mart = r.mart and made.force_code = r.force_code
            inner join rules on r.mart = rules.mart and r.measure = rules.measure
            where rules.role = 'events' and r.area_type = 'force' and r.category = 'all' and r.period_type = 'month'
                and {m} < made.from_month_no
            group by all
        )
        select
            made.mart, made.force_code,
            case
                when made.mart in (select mart from rules where role = 'stock') then 0
                else greatest(0, 12 * floor((least(made.from_month_no, min(finished.to_m)) - 3) / 12) + 3)
            end::int as from_m
        from {made} as made
        left join finished on made.mart = finished.mart and made.force_code = finished.force_code
        group by made.mart, made.force_code, made.from_month_no
        """
    )


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


CHARTS = "mart_control_charts"
CHART_SERIES = ("mart", "force_code", "area_type", "area_code", "measure", "category")
CHARTS_COMMENT = "Control charts of the figures here: of series of which every month is shown, with its exact value."


def write_charts(con: duckdb.DuckDBPyConnection, is_exact: bool) -> None:
    """Make `marts_public.mart_control_charts`: the charts of the marts whose every month `marts_public.measures` shows, in the
    same columns. It is empty where figures are rounded (not `is_exact`), as charts are made from exact ones.

    A chart's mean and limits depend on all its months: if all but one are known, they give that one away.
    """
    con.execute(
        f"""
        create or replace table {SCHEMA}.{CHARTS} as
        select charts.*
        from marts.{CHARTS} as charts
        anti join (
            select distinct {", ".join(f"every.{c}" for c in CHART_SERIES)}
            from marts.{CHARTS} as every
            left join {SCHEMA}.measures as shown
                on {" and ".join(f"every.{c} = shown.{c}" for c in (*CHART_SERIES, "period_start", "period_end"))}
                and shown.period_type = 'month' and shown.marker is null
            where shown.value is distinct from every.value
        ) as hidden using ({", ".join(CHART_SERIES)})
        where {is_exact}
        """
    )
    con.execute(f"comment on table {SCHEMA}.{CHARTS} is '{CHARTS_COMMENT}'")
