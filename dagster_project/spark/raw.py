"""What dbt reads, as Spark sees it: the `raw` schema of the candidate's work file, shown to a session.

Landed rows are read where they lie, in the Parquet of raw/. The night's lists go over as Parquet of their own.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

from ..contracts import Contract, load_contracts
from ..due import paths_of
from ..kept import kept_loads
from ..landing.forms import literal
from ..prepare import ROW_COLUMNS, WORK, Load, index_select, landed_select
from ..settings import Home
from .session import folder_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TYPES = {"VARCHAR": "string", "INTEGER": "int", "TIMESTAMP": "timestamp_ntz"}
"""Types that Spark has under another name."""


def show_raw(spark: "SparkSession", home: Home, loads: list[Load]) -> None:
    """Make the session's `raw` of the loads and of the lists that `prepare_raw` made."""
    spark.sql("create schema raw")
    spark.sql("create schema landed")
    contracts, kept = load_contracts(), kept_loads(home)
    for extract, contract in contracts.items():
        names = [p.name for p in paths_of(home, (load.entry for load in loads if load.entry.extract == extract), kept)]
        _show_extract(spark, home, contract, names)
    _show_lists(spark, home)
    spark.sql("create view raw.landed_rows as " + " union all ".join(landed_select(c) for c in contracts.values()))
    places = [(str(load.entry.extract), str(load.entry.force_code)) for load in loads]
    selects = []
    for extract, contract in contracts.items():
        several = sorted({force for x, force in places if x == extract and places.count((x, force)) > 1})
        selects.append(f"{index_select(contract)} from raw.{extract} where {_is_one_of('_force_code', several)}")
    # Read many times in one query, and planned each time: as a table it is so once.
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
    # By the files' names, so that Spark does not open the others.
    spark.sql(
        f"create view raw.{contract.extract} as select {', '.join(columns)} from landed.{contract.extract}"
        f" where {_is_one_of('_metadata.file_name', names)}"
    )


def _show_lists(spark: "SparkSession", home: Home) -> None:
    folder = folder_of(home) / "lists"
    con = duckdb.connect(str(home.candidate / WORK), read_only=True)
    try:
        tables = con.execute("select table_name from duckdb_tables() where schema_name = 'raw' order by 1").fetchall()
        for (name,) in tables:
            path = folder / name / "rows.parquet"
            path.parent.mkdir(parents=True)
            con.execute(f"copy raw.{name} to {literal(str(path))} (format parquet)")
            columns = con.execute(
                "select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = ?"
                " order by column_index",
                [name],
            ).fetchall()
            listed = ", ".join(f"{column} {TYPES.get(kind, kind)}" for column, kind in columns)
            spark.sql(f"create table raw.{name} ({listed}) using parquet location {_text(str(path.parent))}")
    finally:
        con.close()


def _is_one_of(column: str, values: Iterable[str]) -> str:
    listed = ", ".join(_text(value) for value in values)
    return f"{column} in ({listed})" if listed else "false"


def _text(value: str) -> str:
    """A text in Spark's SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
