"""The night on Spark: the same dbt models, built in a Spark session and put into the candidate that the gate judges.

Everything before (landing, the ledger, the raw Parquet) and after it (gate, publishing) is as on DuckDB. So is what a night
builds: on the night that is published what its files can have changed, else all.
"""

from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.config import Spark
from dagster_project.core.home import Home

from .. import dbt_runner
from ..candidate import Begun
from ..carry_forward import ASIDE
from ..raw_schema import Load
from .raw import show_raw
from .session import SparkMissingError, require, spark_session, warehouse_of
from .standing import beside, is_due, open_candidate, show_standing, table_of

__all__ = ["SparkMissingError", "build", "require"]


def build(
    home: Home, settings: Spark, loads: list[Load], begun: Begun, progress: dbt_runner.Progress | None = None
) -> list[dbt_runner.Node]:
    """Build and test models on Spark, and fill the candidate's tables with what came of them: of a night that begins on another
    those that `begun` selects, else all.

    The candidate is as `candidate.begin_to_fill` leaves it; its `raw` is of `loads`. Returns the outcome of every node that was
    built; where one is not well, the candidate is left as it is.
    """
    is_in_part, select = begun.loads is not None, begun.select
    with spark_session(home, settings) as spark:
        show_raw(spark, home, loads, is_in_part)
        if is_in_part:
            read = beside(select)
            show_standing(spark, home, read.tables)
            select = (*select, *read.views)
        nodes = dbt_runner.build(home, select, progress, "spark")
        if all(n.ok for n in nodes):
            fill(home, nodes, is_in_part)
    return nodes


def fill(home: Home, nodes: list[dbt_runner.Node], is_in_part: bool) -> None:
    """Have the candidate's tables hold the rows of Spark's: of figures and facts that stand in part, those that are due.

    Raises FileNotFoundError for a table that Spark did not finish.
    """
    models = [dbt_runner.manifest().nodes[n.unique_id] for n in nodes if n.kind == "model"]
    whole, due = [], []
    for model in models:
        if model.config.materialized == "table":
            (due if is_in_part and is_due(model) else whole).append(model)
    con = open_candidate(home)
    try:
        for model in whole:
            _make_empty(con, model)
            _fill(con, table_of(model), _rows(home, model.schema, model.alias))
    finally:
        con.close()
    if not due:
        return
    # By the list of what is due that has just been put there.
    dbt_runner.delete_due(home, [m.unique_id for m in due])
    con = open_candidate(home)
    try:
        for model in due:
            _fill(con, table_of(model), _rows(home, model.schema, f"{model.alias}__made"))
    finally:
        con.close()


def _make_empty(con: duckdb.DuckDBPyConnection, model: Any) -> None:
    """Take away a table's rows; where it was set aside, make one like it."""
    aside = f"{ASIDE}__{model.alias}"
    was_set_aside = con.execute(
        "select count(*) > 0 from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?",
        [model.database, model.schema, aside],
    ).fetchone()
    if was_set_aside == (True,):
        con.execute(f"create table {table_of(model)} as from {model.database}.{model.schema}.{aside} limit 0")
    else:
        con.execute(f"truncate {table_of(model)}")


def _rows(home: Home, schema: str, name: str) -> list[str]:
    folder: Path = warehouse_of(home) / f"{schema}.db" / name
    if not (folder / "_SUCCESS").exists():
        raise FileNotFoundError(f"Spark left no whole table {schema}.{name} in {folder}")
    return sorted(str(p) for p in folder.rglob("*.parquet"))


def _fill(con: duckdb.DuckDBPyConnection, table: str, paths: list[str]) -> None:
    # Of no rows Spark writes no file where it writes by partition.
    if paths:
        names = ", ".join(f'"{c[0]}"' for c in con.execute(f"describe {table}").fetchall())
        con.execute(f"insert into {table} select {names} from read_parquet(?, hive_partitioning = true)", [paths])
