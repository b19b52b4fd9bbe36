"""dbt's connections are closed after a run, even if something still holds one: the next step reads the files at once."""

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import get_adapter_by_type

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.transform import dbt_runner

from .conftest import Candidate


def test_a_connection_in_use_is_closed_after_the_run(candidate: Candidate) -> None:
    connections_in_use: list[object] = []

    def hold(*_: str) -> None:
        connections = get_adapter_by_type("duckdb").connections.thread_connections.values()
        connections_in_use.extend([DuckDBConnectionManager._ENV, *(c.handle for c in connections)])

    nodes = dbt_runner.build(candidate.home, select=["months"], progress=hold)
    assert nodes and all(n.ok for n in nodes) and connections_in_use
    for name in (WORK, WAREHOUSE):
        duckdb.connect(str(candidate.home.candidate / name), read_only=True).close()
