"""Shows the candidate's `raw` schema to a Spark session.

Landed rows are read from the Parquet in raw/. The night's lists are copied to Parquet.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.sql import literal

from ..changed_months import paths_of
from ..dbt_sources import ROW_COLUMNS
from ..kept_totals import loads_as_totals
from ..raw_schema import ReadableLoad, index_select, landed_select
from .session import spark_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK_TYPES = {"VARCHAR": "string", "INTEGER": "int", "TIMESTAMP": "timestamp_ntz"}
"""Types with another name in Spark."""


def make_raw_views(spark: "SparkSession", home: Home, loads: list[ReadableLoad]) -> None:
    """Make the session's `raw` from the loads and from the lists that `prepare_raw` made."""
    spark.sql("create schema landed")
    _show_lists(spark, home)
    contracts, as_totals = load_contracts(), loads_as_totals(home)
    for extract, contract in contracts.items():
        entries = [load.entry for load in loads if load.entry.extract == extract]
        _show_extract(spark, home, contract, [p.name for p in paths_of(home, entries, as_totals)])
    spark.sql("create view raw.landed_rows as " + " union all ".join(landed_select(c) for c in contracts.values()))
    _show_index(spark, contracts, loads)


def _show_index(spark: "SparkSession", contracts: dict[str, Contract], loads: list[ReadableLoad]) -> None:
    places = [(str(load.entry.extract), str(load.entry.force_code)) for load in loads]
    selects = []
    for extract, contract in contracts.items():
        forces = sorted({force for x, force in places if x == extract and places.count((x, force)) > 1})
        selects.append(f"{index_select(contract)} from raw.{extract} where {_is_one_of('_force_code', forces)}")
    # One query reads it many times: a view would be planned each time.
    spark.sql("create table raw.row_index using parquet as " + " union all ".join(selects))


def _show_extract(spark: "SparkSession", home: Home, contract: Contract, names: list[str]) -> None:
    columns = (*(c.name for c in contract.columns), *ROW_COLUMNS)
    if not names:
        nothing = ", ".join(f"cast(null as string) as {c}" for c in columns)
        spark.sql(f"create view raw.{contract.extract} as select {nothing} where false")
        return
    spark.sql(
        f"create table landed.{contract.extract} ({', '.join(f'{c} string' for c in columns)}) using parquet"
        f" options (recursiveFileLookup 'true', path {_text(str(home.raw / contract.extract))})"
    )
    # Filter by file name, so that Spark does not open the other files.
    spark.sql(
        f"create view raw.{contract.extract} as select {', '.join(columns)} from landed.{contract.extract}"
        f" where {_is_one_of('_metadata.file_name', names)}"
    )


def _show_lists(spark: "SparkSession", home: Home) -> None:
    """Show the tables of `raw`, and its views of carried rows, which are empty on Spark. Each is copied to a folder."""
    spark.sql("create schema raw")
    with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
        listed = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw' union all"
            " select view_name from duckdb_views() where schema_name = 'raw' and starts_with(view_name, 'carried_') order by 1"
        ).fetchall()
        for (name,) in listed:
            folder = spark_folder(home) / "lists" / name
            folder.mkdir(parents=True)
            con.execute(f"copy raw.{name} to {literal(str(folder / 'rows.parquet'))} (format parquet)")
            described = con.execute(f"describe raw.{name}").fetchall()
            columns = ", ".join(f"{c[0]} {SPARK_TYPES.get(c[1], c[1])}" for c in described)
            spark.sql(f"create table raw.{name} ({columns}) using parquet location {_text(str(folder))}")


def _is_one_of(column: str, values: Iterable[str]) -> str:
    listed = ", ".join(_text(value) for value in values)
    return f"{column} in ({listed})" if listed else "false"


def _text(value: str) -> str:
    """A text literal in Spark SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
