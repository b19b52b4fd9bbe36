"""What a night in part reads and does not build, as Spark sees it: the candidate's tables, and views.

A session begins with nothing. What stands of the night before, seeds too, is copied to Parquet by DuckDB; views are built
anew, by dbt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.memory import bound
from dagster_project.core.sql import literal

from ..carry_forward import ASIDE
from ..dbt_runner import manifest
from ..raw_schema import WAREHOUSE, WORK
from .session import folder_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TYPES = {"VARCHAR": "string", "INTEGER": "int", "TIMESTAMP": "timestamp_ntz"}
"""Types that Spark has under another name."""


@dataclass(frozen=True)
class Beside:
    """What the nodes that are built read besides each other."""

    views: tuple[str, ...]
    """To be built, too, as dbt names them."""
    tables: dict[str, str]
    """To be shown: what they are called in Spark, and in the candidate."""


def beside(select: Iterable[str]) -> Beside:
    """What is read by nodes of these names. A table of which only what is due is built stands beside that as `standing__…`."""
    nodes = manifest().nodes
    by_name = {".".join(n.fqn): unique_id for unique_id, n in nodes.items()}
    built = [by_name[name] for name in select]
    views, tables, seen = [], {}, set(built)
    for unique_id in built:
        node = nodes[unique_id]
        if is_due(node):
            tables[f"{node.schema}.{ASIDE}__{node.alias}"] = table_of(node)
    ahead = list(built)
    while ahead:
        for parent in nodes[ahead.pop()].depends_on_nodes:
            if parent in seen or parent not in nodes:
                continue
            seen.add(parent)
            node = nodes[parent]
            if node.config.materialized == "view":
                views.append(".".join(node.fqn))
                ahead.append(parent)
            else:
                tables[f"{node.schema}.{node.alias}"] = table_of(node)
    return Beside(tuple(sorted(views)), tables)


def is_due(node: Any) -> bool:
    """Whether a night in part replaces what is due in a model's table, and no more."""
    return node.resource_type == "model" and bool(node.config.meta.get("due"))


def table_of(node: Any) -> str:
    """A model's table, or a seed's, in the candidate."""
    return f"{node.database}.{node.schema}.{node.alias}"


def open_candidate(home: Home) -> duckdb.DuckDBPyConnection:
    """The candidate's two files, by the names that dbt gives them."""
    con = bound(duckdb.connect(str(home.candidate / WAREHOUSE)), home)
    con.execute(f"attach {literal(str(home.candidate / WORK))} as work")
    return con


def show_standing(spark: "SparkSession", home: Home, tables: dict[str, str]) -> None:
    """Have the session's tables show those of the candidate."""
    con = open_candidate(home)
    try:
        for name, table in tables.items():
            show_table(spark, con, folder_of(home) / "standing", name, table)
    finally:
        con.close()


def show_table(spark: "SparkSession", con: duckdb.DuckDBPyConnection, folder: Path, name: str, table: str) -> None:
    """Copy a table of DuckDB's to a folder of its own in `folder`, and have the session's `name` show it."""
    path = folder / name / "rows.parquet"
    path.parent.mkdir(parents=True)
    con.execute(f"copy {table} to {literal(str(path))} (format parquet)")
    listed = ", ".join(f"{c[0]} {TYPES.get(c[1], c[1])}" for c in con.execute(f"describe {table}").fetchall())
    spark.sql(f"create schema if not exists {name.split('.')[0]}")
    spark.sql(f"create table {name} ({listed}) using parquet location {text(str(path.parent))}")


def text(value: str) -> str:
    """A text in Spark's SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
