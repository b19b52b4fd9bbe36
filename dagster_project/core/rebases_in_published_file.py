"""Known changes of series, from which their control charts start again (a home's `rebases.csv`): those that the published file
has."""

from datetime import date
from typing import NamedTuple

import duckdb


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
    exists = "select 1 from duckdb_tables() where schema_name = 'meta' and table_name = 'rebases'"
    if not con.execute(exists).fetchone() or not con.execute("select 1 from meta.rebases limit 1").fetchone():
        return []
    rows = con.execute(
        "select mart, measure, area_type, area_name, category, date_trunc('month', rebase_on)::date, reason"
        f" from meta.rebases join (select distinct force_code, area_type, area_code, area_name from {schema}.measures)"
        " using (force_code, area_type, area_code) where force_code = ? order by rebase_on",
        [force],
    ).fetchall()
    return [Rebase(*row) for row in rows]
