"""Reads the rows of a query as dictionaries, and what a row of the measure list depends on."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from dagster_project.core.seeds import read_seed


def read_rows(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, by the names of its columns."""
    result = con.execute(sql, list(values))
    names = [c[0] for c in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def extract_of(measure: Mapping[str, str]) -> str:
    """The extract on whose covered days a measure is available, from its row of `measure_list`."""
    limits = {r["coverage"]: r["extract"] for r in read_seed("coverage_limits")}
    return limits.get(measure["coverage"], measure["coverage"])
