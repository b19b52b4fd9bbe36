"""Months that a person accepted although the gate questioned them, and why: those that the published file has."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import duckdb


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
