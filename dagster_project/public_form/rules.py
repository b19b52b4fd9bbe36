"""What the public form shows of each measure: from the seeds, and the thresholds and bases of the settings."""

from typing import Any

import duckdb

from dagster_project.core.config import Public
from dagster_project.core.project_lists import read_seed
from dagster_project.core.row_tables import make_table
from dagster_project.core.sql import one_row

SCHEMA = "marts_public"
RULE_COLUMNS = {
    "mart": "varchar", "measure": "varchar", "unit": "varchar", "aggregation": "varchar", "numerator": "varchar",
    "denominator": "varchar", "denominator_category": "varchar", "is_shown": "boolean", "role": "varchar",
    "of_measure": "varchar", "attribute": "varchar", "by_area": "boolean", "by_category": "boolean",
}  # fmt: skip


ROUNDED = "Rounded for the public"
PUBLIC_ANYWAY = (
    "Shown as they are, even if small: street crimes of data.police.uk, figures of the Office for Health Improvement and"
    " Disparities, public spaces protection orders, and money returned to the force."
)
"""The measures that `seeds/public_cuts.csv` calls `public`, in words."""


def describe_rule(settings: Public) -> str:
    """What the public form shows and hides, in a few sentences."""
    if settings.mode == "round":
        return (
            f"{ROUNDED}: counts of a month to {settings.base}, money to {settings.money_base} pounds; 0 is 0 to"
            f" {settings.base - 1} in a month. Longer periods add rounded months: a year may be {4 * settings.base} off, and a"
            " change between small counts may be none. Parts need not add to their whole."
            f" {PUBLIC_ANYWAY}"
        )
    listed = ", ".join(f"{t} for {measure}" for measure, t in sorted(settings.thresholds.items()))
    exceptions = f" ({listed})" if listed else ""
    running = "" if settings.running_year == "shown" else ", and no financial year that is not over"
    return (
        f"For the public: counts under {settings.threshold}{exceptions} are not shown, nor anything that"
        f" they can be worked out from{running}; what is shown is exact. {PUBLIC_ANYWAY}"
    )


def rule_of(con: duckdb.DuckDBPyConnection) -> str | None:
    """What `describe_rule` said when the night that `con` reads was made; None if it has no public form."""
    tables = "select max(comment) from duckdb_tables() where schema_name = $1 and table_name = 'measures'"
    return str(comment) if (comment := one_row(con, tables, [SCHEMA])[0]) else None


def is_rounded(rule: str) -> bool:
    """Whether the form that `rule_of` describes is a rounded one. The night's file says it in these words alone, and today's
    settings may be others."""
    return rule.startswith(ROUNDED)


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
