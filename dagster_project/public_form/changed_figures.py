"""Which public figures a night that builds only part of the marts makes again."""

import duckdb

from .rules import SCHEMA

FIGURES_MADE = ("raw", "figures_made")
"""The relation of `work` in which a night that builds only part of the marts records which figures it made."""
MONTHS_BACK = 24
"""A figure and its figure of the year before depend on two years of months before them."""
IS_CHANGED = (
    "changed.mart = {0}.mart and changed.force_code = {0}.force_code"
    " and 12 * year({0}.period_end) + month({0}.period_end) - 1 >= changed.from_month_no"
)
"""Whether a row, by the alias of its table, is of a public figure to be made again."""


def figures_made(con: duckdb.DuckDBPyConnection) -> str | None:
    """The relation of the figures made since `marts_public` was written, in the columns of `figures_to_rebuild`; None if all of
    them were made. `con`: a connection to `warehouse` and `work`.
    """
    tables = {*con.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()}
    in_part = {("work", *FIGURES_MADE), ("warehouse", SCHEMA, "measures")} <= tables
    return ".".join(("work", *FIGURES_MADE)) if in_part else None


def make_changed_table(con: duckdb.DuckDBPyConnection, made: str) -> None:
    """Make the temporary table `changed`: from which month on the public figures of a mart and force are made again.

    How finely a financial year is shown depends on all of its months, and on whether it is over. So public figures are made
    again from the April before the first month that changed, and before the month after the last one that is covered whole.
    Whether a figure as at a day is shown depends on all its days: its mart is made again whole.
    """
    month_no = "12 * year(r.period_end) + month(r.period_end) - 1"
    con.execute(
        f"""
        create or replace temp table changed as
        with finished as (
            select
                made.mart, made.force_code, r.measure,
                1 + coalesce(max({month_no}) filter (r.data_status = 'complete'), 0) as to_month_no
            from {made} as made
            inner join marts.measures as r on made.mart = r.mart and made.force_code = r.force_code
            inner join rules on r.mart = rules.mart and r.measure = rules.measure
            where rules.role = 'events' and r.area_type = 'force' and r.category = 'all' and r.period_type = 'month'
                and {month_no} < made.from_month_no
            group by all
        )
        select
            made.mart, made.force_code,
            case
                when made.mart in (select mart from rules where role = 'stock') then 0
                else greatest(0, 12 * floor((least(made.from_month_no, min(finished.to_month_no)) - 3) / 12) + 3)
            end::int as from_month_no
        from {made} as made
        left join finished on made.mart = finished.mart and made.force_code = finished.force_code
        group by made.mart, made.force_code, made.from_month_no
        """
    )
