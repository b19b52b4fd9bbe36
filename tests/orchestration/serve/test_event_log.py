"""The event log with connections that stay open: Dagster's own class reads the same events, in any thread."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from dagster_project.core.home import Home
from dagster_project.orchestration.schedules import QUIET_RUN
from dagster_project.orchestration.serve.event_log import EventLog
from dagster_project.orchestration.serve.instance import write_settings


def test_dagster_s_own_log_reads_the_same_events(new_home: Home) -> None:
    write_settings(new_home)

    @dg.asset(check_specs=[dg.AssetCheckSpec("is_one", asset="one")])
    def one() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog) and log.has_table("asset_check_executions") and not log.has_table("none")
        done = [dg.materialize([one], instance=instance, run_config=QUIET_RUN).run_id for _ in range(3)]
        with ThreadPoolExecutor(4) as threads:
            read = list(threads.map(instance.all_logs, done * 4))
        assert read == read[:3] * 4 and all(read)
        own = SqliteEventLogStorage(str(new_home.dagster / "history" / "runs"))
        assert [list(own.get_logs_for_run(run_id)) for run_id in done] == read[:3]
        # Events that a run also writes to the index that all runs share.
        latest = own.get_latest_materialization_events([dg.AssetKey("one")])[dg.AssetKey("one")]
        assert latest is not None and latest.run_id == done[-1]
        assert len(own.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey("one"), "is_one"), limit=9)) == 3


def test_nothing_of_old_runs_and_of_nights_without_a_run_is_left(new_home: Home) -> None:
    """Results of checks and events without a run would otherwise grow with each night."""
    write_settings(new_home)
    files = new_home.dagster / "history" / "runs"

    @dg.asset(check_specs=[dg.AssetCheckSpec("is_one", asset="one")])
    def one() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    def rows() -> list[int]:
        """Checks, tags and events that all runs share, and events without a run."""
        counts = []
        for file, table in (
            ("index.db", "asset_check_executions"), ("index.db", "asset_event_tags"), ("index.db", "event_logs"),
            (".db", "event_logs"),
        ):  # fmt: skip
            with closing(sqlite3.connect(files / file)) as con:
                counts.append(con.execute(f"select count(*) from {table}").fetchone()[0])
        return counts

    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        run_id = dg.materialize([one], instance=instance, run_config=QUIET_RUN).run_id
        instance.report_runless_asset_event(dg.AssetMaterialization("one", tags={"a": "b"}))
        instance.report_runless_asset_event(dg.AssetCheckEvaluation(dg.AssetKey("one"), "is_one", True))
        log, now = instance.event_log_storage, datetime.now(UTC)
        assert isinstance(log, EventLog)
        before = rows()
        log.delete_left(now - timedelta(days=1))
        assert rows() == before and all(before)
        instance.delete_run(run_id)
        log.delete_left(now + timedelta(days=1))
        assert rows() == [0, 0, 0, 0]
