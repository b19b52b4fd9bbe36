"""Months of a figure that a person let pass the gate, and why."""

from collections.abc import Sequence
from datetime import date

import duckdb

Accepted = tuple[str, str, str]
"""Measure, month such as 2025-10, and why."""


def accepted_months(con: duckdb.DuckDBPyConnection, force: str, catalog: str | None = None) -> list[Accepted]:
    """The accepted months of a force, in order, of the published file that `con` reads; `catalog`: what it is attached as."""
    table = ".".join(filter(None, (catalog, "meta", "accepted_months")))
    return con.execute(f"select measure, month, why from {table} where force_code = ? order by all", [force]).fetchall()


def accepted_within(found: Sequence[Accepted], measures: set[str], first: date | None, last: date) -> list[Accepted]:
    """Those of the measures whose month has a day of the window. `first`: None from the beginning."""
    begin = f"{first:%Y-%m}" if first else ""
    return [a for a in found if a[0] in measures and begin <= a[1] <= f"{last:%Y-%m}"]
