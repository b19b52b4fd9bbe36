"""The night on Spark: the same dbt models, built in a Spark session and put into the candidate that the gate judges.

Everything before (landing, the ledger, the raw Parquet) and after it (gate, publishing) is as on DuckDB. A night on Spark
measures everything: nothing is carried over from the night before.
"""

from pathlib import Path

import duckdb

from .. import transform
from ..config import Spark
from ..landing.forms import literal
from ..memory import bound
from ..prepare import WAREHOUSE, WORK, Load
from ..settings import Home
from .raw import show_raw
from .session import SparkMissingError, require, spark_session, warehouse_of

__all__ = ["SparkMissingError", "build", "require"]


def build(home: Home, settings: Spark, loads: list[Load], progress: transform.Progress | None = None) -> list[transform.Node]:
    """Build and test all models on Spark, and fill the candidate's tables with what came of them.

    The candidate has every model already, its tables as `candidate.begin_empty` leaves them; its `raw` is of `loads`. Returns
    every node's outcome; where one is not well, the candidate is left as it is.
    """
    with spark_session(home, settings) as spark:
        show_raw(spark, home, loads)
        nodes = transform.build(home, progress=progress, engine="spark")
        if all(n.ok for n in nodes):
            fill(home)
    return nodes


def fill(home: Home) -> None:
    """Have the candidate's tables hold the rows of Spark's. Raises FileNotFoundError for a table that Spark did not finish."""
    con = bound(duckdb.connect(str(home.candidate / WAREHOUSE)), home)
    try:
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work")
        for model in transform.manifest().nodes.values():
            if model.resource_type == "model" and model.config.materialized == "table":
                _fill(con, f"{model.database}.{model.schema}.{model.alias}", _rows(home, model.schema, model.alias))
    finally:
        con.close()


def _rows(home: Home, schema: str, name: str) -> list[str]:
    folder: Path = warehouse_of(home) / f"{schema}.db" / name
    if not (folder / "_SUCCESS").exists():
        raise FileNotFoundError(f"Spark left no whole table {schema}.{name} in {folder}")
    return sorted(str(p) for p in folder.rglob("*.parquet"))


def _fill(con: duckdb.DuckDBPyConnection, table: str, paths: list[str]) -> None:
    con.execute(f"truncate {table}")
    # Of no rows Spark writes no file where it writes by partition.
    if paths:
        names = ", ".join(f'"{c[0]}"' for c in con.execute(f"describe {table}").fetchall())
        con.execute(f"insert into {table} select {names} from read_parquet(?, hive_partitioning = true)", [paths])
