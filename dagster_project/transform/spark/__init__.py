"""The night on Spark: the same dbt models, built in a Spark session and copied into the candidate that the gate judges.

Everything before it (landing, the ledger, the raw Parquet) and after it (gate, publishing) is as on DuckDB. A night on Spark
always builds everything: it is for forces with too many rows for one machine, or that already run Spark.
"""

from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.config import Spark
from dagster_project.core.home import Home
from dagster_project.core.memory import limit_memory
from dagster_project.core.sql import literal

from .. import dbt_runner
from ..raw_schema import ReadableLoad
from .raw import make_raw_views
from .session import SparkMissingError, require, spark_session, warehouse_of

__all__ = ["SparkMissingError", "build", "require"]


def build(
    home: Home, settings: Spark, loads: list[ReadableLoad], progress: dbt_runner.Progress | None = None
) -> list[dbt_runner.Node]:
    """Build and test all models on Spark, and fill the candidate's tables with the results.

    The candidate is as `candidate.start_empty` leaves it, with `raw` made from `loads`. Returns the outcome of every node; if
    one failed, the candidate is not filled.
    """
    with spark_session(home, settings) as spark:
        make_raw_views(spark, home, loads)
        nodes = dbt_runner.build(home, (), progress, "spark")
        if all(n.ok for n in nodes):
            _fill_candidate(home, nodes)
    return nodes


def _fill_candidate(home: Home, nodes: list[dbt_runner.Node]) -> None:
    """Replace the rows of the candidate's tables with Spark's. Raises FileNotFoundError for a table that is not finished."""
    models = [dbt_runner.manifest().nodes[n.unique_id] for n in nodes if n.kind == "model"]
    con = limit_memory(duckdb.connect(str(home.candidate / WAREHOUSE)), home)
    try:
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work")
        for model in models:
            if model.config.materialized != dbt_runner.VIEW:
                _replace_rows(con, model, _rows(home, model.schema, model.alias))
    finally:
        con.close()


def _replace_rows(con: duckdb.DuckDBPyConnection, model: Any, paths: list[str]) -> None:
    table = f"{model.database}.{model.schema}.{model.alias}"
    con.execute(f"truncate {table}")
    # If there are no rows, Spark writes no file for a partitioned table.
    if paths:
        names = ", ".join(f'"{c[0]}"' for c in con.execute(f"describe {table}").fetchall())
        con.execute(f"insert into {table} select {names} from read_parquet(?, hive_partitioning = true)", [paths])


def _rows(home: Home, schema: str, name: str) -> list[str]:
    folder: Path = warehouse_of(home) / f"{schema}.db" / name
    if not (folder / "_SUCCESS").exists():
        raise FileNotFoundError(f"Spark left no whole table {schema}.{name} in {folder}")
    return sorted(str(p) for p in folder.rglob("*.parquet"))
