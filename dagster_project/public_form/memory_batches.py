"""Figures in parts that fit into memory."""

import duckdb

from dagster_project.core.memory import megabytes
from dagster_project.core.sql import literal, one_row

BYTES_PER_FIGURE = 2048
"""Memory that hiding or rounding one figure needs at most."""


def batches(con: duckdb.DuckDBPyConnection, figures: str) -> list[str]:
    """SQL conditions that split a relation of figures into batches that fit into memory, by whole forces of marts."""
    force_code = "coalesce(force_code, '')"
    counts = con.execute(f"select mart, {force_code}, count(*) from {figures} group by all order by all").fetchall()
    (limit,) = one_row(con, "select current_setting('memory_limit')")
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
