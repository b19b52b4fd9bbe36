"""Dagster's log of events in a home: its own, with connections that stay open.

A night has over two thousand events. Dagster's own log opens a database anew for each table that an event is written to, which
takes four times the processor time (benchmarks/README.md). `_connect` and what it uses are private to Dagster: another version
may need another class, and tests/orchestration/serve would fail.
"""

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

from dagster._core.instance import RUNLESS_RUN_ID
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetEventTagsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 60
"""How long to wait for a database that another process is writing to."""


class EventLog(SqliteEventLogStorage):
    """Dagster's event log under `pam serve`: `dagster.yaml` names it."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Made by Dagster from `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Generator[Connection]:
        if shard not in self._initialized_dbs:
            with super()._connect(shard):
                pass
        with self._db_lock, self._engine_of(shard).begin() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. One that is there stays: Dagster's own looks again, in a database opened anew, at each
        of a night's checks."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _engine_of(self, shard: str) -> Engine:
        """The open database of a shard. Only the index and one run's are kept."""
        if shard not in self._engines:
            for other in self._engines.keys() - {INDEX_SHARD_NAME}:
                self._engines.pop(other).dispose()
            engine = create_engine(
                self.conn_string_for_shard(shard), poolclass=StaticPool,
                # The lock lets in one thread at a time.
                connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            )  # fmt: skip
            event.listen(engine, "connect", _commit_faster)
            self._engines[shard] = engine
        return self._engines[shard]

    def delete_left(self, before: datetime) -> None:
        """Delete what Dagster leaves when it deletes runs, and would keep for ever: results of checks, hundreds a night, and
        events without a run, as of nights of the command line."""
        before = before.astimezone(UTC).replace(tzinfo=None)
        checks, events, tags = AssetCheckExecutionsTable, SqlEventLogStorageTable, AssetEventTagsTable
        is_old = (events.c.run_id == RUNLESS_RUN_ID) & (events.c.timestamp < before)
        with self.index_connection() as connection:
            connection.execute(checks.delete().where(checks.c.evaluation_event_timestamp < before))
            connection.execute(tags.delete().where(tags.c.event_id.in_(select(events.c.id).where(is_old))))
            connection.execute(events.delete().where(is_old))
        with self.run_connection(RUNLESS_RUN_ID) as connection:
            connection.execute(events.delete().where(is_old))

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()


def _commit_faster(connection: sqlite3.Connection, _: object) -> None:
    """Not waiting for the disk at each commit: if the power fails, the last events may be lost, but the file stays whole."""
    connection.execute("pragma synchronous = normal")
