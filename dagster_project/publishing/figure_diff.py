"""Which figures differ between two nights' files, by one full join. `pam diff`, `pam replay` and the dashboard use it.

con = duckdb.connect()
attach(con, path_of_one, "earlier")
attach(con, path_of_other, "later")
number = make_differences(con)  # the temporary table `differences` has a row of each
"""

from pathlib import Path

import duckdb

from dagster_project.core.sql import literal, one_row

EARLIER, LATER = "earlier.marts.measures", "later.marts.measures"

KEY = (
    "mart", "force_code", "area_type", "area_code", "measure", "category", "period_type", "period_start", "period_end",
)  # fmt: skip
"""The columns that identify a figure in `marts.measures`."""

FIGURE = ("value", "numerator", "denominator", "data_status")
"""What is compared by default: comparisons with the year before follow from other figures."""

EVERY = (*FIGURE, "prior_value", "volume_change", "pct_change", "unit", "area_name", "period_label")
"""All columns of a row but `KEY`."""

COUNTS = """
    count(*) filter (kind = 'changed') as changed,
    count(*) filter (kind = 'changed' and data_status_before = 'complete') as revised,
    count(*) filter (kind = 'new') as new, count(*) filter (kind = 'gone') as gone
"""
"""Of rows of `differences`."""

MARTS = ("mart", "figures", "changed", "complete before", "new", "gone")
"""The columns of `by_mart`."""


def attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a night's file read-only under a name. Raises ValueError if it can't be read as one."""
    try:
        con.execute(f"attach {literal(str(path))} as {name} (read_only)")
        con.execute(f"select 1 from {name}.marts.measures limit 0")
    except duckdb.Error as error:
        raise ValueError(f"{path} can't be read as a night's file: {str(error).splitlines()[0]}") from error


def make_differences(
    con: duckdb.DuckDBPyConnection,
    before: str = EARLIER,
    after: str = LATER,
    *,
    columns: tuple[str, ...] = FIGURE,
    where: str = "true",
) -> int:
    """Make the temporary table `differences` with a row for each figure that differs. Returns their number.

    Args:
        before, after: relations with the columns of `marts.measures`, as SQL. columns: what is compared; nulls are
            equal. where: SQL over those relations' columns; only figures of which it is true are compared.

    Columns of `differences`: those of `KEY`; area_name, period_label, unit; kind (`changed`, `new`: after alone, `gone`: before
    alone); differs (the compared columns that are not the same); value, numerator, denominator and data_status, each as
    `_before` and `_after`; change (value after less before; null where either is).
    """
    keys = ", ".join(f"coalesce(b.{k}, a.{k}) as {k}" for k in KEY)
    same_key = " and ".join(f"b.{k} = a.{k}" for k in KEY)
    labels = ", ".join(f"coalesce(a.{c}, b.{c}) as {c}" for c in ("area_name", "period_label", "unit"))
    sides = ", ".join(f"b.{c} as {c}_before, a.{c} as {c}_after" for c in FIGURE)
    differ = ", ".join(f"case when b.{c} is distinct from a.{c} then '{c}' end" for c in columns)
    con.execute(
        f"""
        create or replace temp table differences as
        select
            {keys}, {labels},
            case when b.mart is null then 'new' when a.mart is null then 'gone' else 'changed' end as kind,
            list_filter([{differ}], lambda c: c is not null) as differs,
            {sides},
            a.value - b.value as change
        from (select * from {before} where {where}) as b
        full join (select * from {after} where {where}) as a on {same_key}
        where b.mart is null or a.mart is null or {" or ".join(f"b.{c} is distinct from a.{c}" for c in columns)}
        """
    )
    return int(one_row(con, "select count(*) from differences")[0])


def by_mart(con: duckdb.DuckDBPyConnection, where: str = "true") -> list[tuple[str, int, int, int, int, int]]:
    """A row under the names of `MARTS` for each mart with a difference; `figures` counts those of the later night."""
    return con.execute(
        f"""
        select
            counted.mart, coalesce(later.figures, 0), counted.changed, counted.revised, counted.new, counted.gone
        from (
            select mart, {COUNTS} from differences group by mart
        ) as counted
        left join (select mart, count(*) as figures from {LATER} where {where} group by mart) as later using (mart)
        order by mart
        """
    ).fetchall()
