"""Facts about what leaves the force: the public form and the report's cells, each compared with the marts."""

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.core.memory import limit_memory
from dagster_project.core.sql import literal
from dagster_project.public_form import SCHEMA, make_rule_tables
from dagster_project.transform.raw_schema import WAREHOUSE, WORK

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent


def outgoing_facts(home: Home, settings: Public) -> dict[str, tuple["pd.DataFrame", set[str]]]:
    """By subject (`public`, `report`): facts by mart, force and measure, and the marts that must be among them.

    `settings`: how the public form was made. `public` is left out if they switch it off and there is none. Raises duckdb.Error
    if the candidate lacks a table.
    """
    with duckdb.connect() as con:
        limit_memory(con, home)
        for name, file in (("work", WORK), ("warehouse", WAREHOUSE)):
            con.execute(f"attach {literal(str(home.candidate / file))} as {name} (read_only)")
        cells = "select distinct mart from warehouse.reports.cells where mart is not null"
        facts = {"report": (_facts(con, "report_facts"), {row[0] for row in con.execute(cells).fetchall()})}
        schemas = {row[0] for row in con.execute("select schema_name from duckdb_schemas() where not internal").fetchall()}
        if settings.mode != "off" or SCHEMA in schemas:
            make_rule_tables(con, settings)
            marts = con.execute("select distinct mart from warehouse.marts.measures").fetchall()
            facts["public"] = (_facts(con, "public_facts"), {row[0] for row in marts})
    return facts


def _facts(con: duckdb.DuckDBPyConnection, name: str) -> "pd.DataFrame":
    return con.execute((HERE / f"{name}.sql").read_text(encoding="utf-8")).df()
