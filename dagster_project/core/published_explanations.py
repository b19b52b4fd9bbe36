"""Months that a person has explained, those that the published file has: accepted although the gate questioned them, or the
first after a known change, from which control charts start again (a home's `rebases.csv`)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import duckdb

from .sql import has_table


class AcceptedMonth(NamedTuple):
    """A month that was accepted: the measure, the month such as `2025-10`, and why."""

    measure: str
    month: str
    why: str


def accepted_months(con: duckdb.DuckDBPyConnection, force: str, catalog: str | None = None) -> list[AcceptedMonth]:
    """A force's accepted months, in order, from the published file: not those of units.

    `catalog`: the name under which that file is attached. A night of an earlier version has no areas.
    """
    table = ".".join(filter(None, (catalog, "meta", "accepted_months")))
    rows = con.execute(
        f"select measure, month, why from (from {table} union all by name select null as area_code where false)"
        " where force_code = ? and coalesce(area_code, force_code) = force_code order by all",
        [force],
    ).fetchall()
    return [AcceptedMonth(*row) for row in rows]


def accepted_within(
    accepted: Sequence[AcceptedMonth], measures: set[str], first: date | None, last: date
) -> list[AcceptedMonth]:
    """The accepted months of these measures that overlap the window. `first`: None for no lower limit."""
    first_month = f"{first:%Y-%m}" if first else ""
    return [a for a in accepted if a.measure in measures and first_month <= a.month <= f"{last:%Y-%m}"]


class Rebase(NamedTuple):
    """A series, the first month after a known change, and what the change is."""

    mart: str
    measure: str
    area_type: str
    area_name: str
    category: str
    month: date
    reason: str


def rebases(con: duckdb.DuckDBPyConnection, force: str, schema: str = "marts") -> list[Rebase]:
    """A force's rebases, the oldest first, of areas with figures in the schema. A night of an earlier version has none."""
    if not has_table(con, "meta", "rebases") or not con.execute("select 1 from meta.rebases limit 1").fetchone():
        return []
    rows = con.execute(
        "select mart, measure, area_type, area_name, category, date_trunc('month', rebase_on)::date, reason"
        f" from meta.rebases join (select distinct force_code, area_type, area_code, area_name from {schema}.measures)"
        " using (force_code, area_type, area_code) where force_code = ? order by rebase_on",
        [force],
    ).fetchall()
    return [Rebase(*row) for row in rows]
