"""A worker process gives the same results as this process, and ends when this process ends or stops it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from support import judge_candidate

from dagster_project.core.candidate_files import WAREHOUSE, open_candidate
from dagster_project.core.config import ConfigError, Public, read_config
from dagster_project.core.home import Home
from dagster_project.core.worker_process import WorkerEndedError, WorkerProcess
from dagster_project.quality import engine, gate

from .worker_calls import count, fail, is_left_out

NIGHT_WITH_A_WORKER = """
import time
from dagster_project.core.worker_process import WORKER
WORKER.load("json")
WORKER.submit(time.sleep, 600)
print(WORKER._process.pid, flush=True)
input()
"""


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    worker = WorkerProcess()
    worker.load("json")
    yield worker
    worker.stop()


def test_a_worker_begins_in_its_folder(tmp_path: Path) -> None:
    """dbt looks for a project where it is, which the user of a night may not be able to read."""
    worker = WorkerProcess(tmp_path)
    worker.load("json")
    assert worker.call(os.getcwd) == str(tmp_path)
    worker.stop()


def test_the_gate_gives_and_writes_the_same_in_a_worker(worker: WorkerProcess, week_copy: Home, tmp_path: Path) -> None:
    shutil.copyfile(week_copy.warehouse, week_copy.candidate / WAREHOUSE)
    worker.submit(engine.preload)
    checks = judge_candidate(week_copy, tmp_path / "here.json")
    process = worker._process
    with open_candidate(week_copy.candidate / WAREHOUSE):
        # What leaves the force is made in this process meanwhile.
        built = worker.submit(gate.judge_built, week_copy).result(300)
    assert worker.submit(gate.judge, week_copy, tmp_path / "there.json", Public(), built).result(300) == checks
    assert (tmp_path / "there.json").stat().st_size == pytest.approx((tmp_path / "here.json").stat().st_size, rel=0.01)
    assert process and process is worker._process and process.poll() is None, "the worker judged"
    # It loads Great Expectations without what other processes may import.
    assert worker.submit(is_left_out, "sqlalchemy").result(300) and __import__("sqlalchemy").__version__


def test_the_error_of_a_call_is_raised_by_its_result(worker: WorkerProcess, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"work\.duckdb"):
        worker.submit(gate.judge_built, Home(tmp_path)).result(300)
    (tmp_path / "pam.toml").write_text("[night", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"pam\.toml"):
        worker.submit(read_config, Home(tmp_path)).result(300)
    assert worker.submit(len, "and it goes on").result(300) == 14


def test_after_a_worker_ended_calls_run_here_until_the_next_load(worker: WorkerProcess) -> None:
    assert worker._process
    worker._process.kill()
    assert worker.submit(len, "four").result(300) == 4 and worker._process is None
    worker.load("json")
    assert worker._process and worker.submit(len, "again").result(300) == 5


def test_a_call_that_cannot_be_pickled_runs_here(worker: WorkerProcess) -> None:
    assert worker.submit(lambda: "here").result(300) == "here"


def test_without_a_worker_the_call_runs_here() -> None:
    assert WorkerProcess().submit(len, "four").result(300) == 4


@pytest.mark.parametrize("has_worker", [True, False])
def test_progress_is_reported_with_a_worker_and_without(worker: WorkerProcess, has_worker: bool) -> None:
    progress: list[tuple[int, str]] = []
    process = worker if has_worker else WorkerProcess()
    assert process.call(count, 3, progress=lambda *values: progress.append(values)) == 3
    assert progress == [(0, "counted"), (1, "counted"), (2, "counted")]


def test_an_error_that_cannot_be_pickled_keeps_its_message(worker: WorkerProcess) -> None:
    with pytest.raises(RuntimeError, match="UnpicklableError: this and that"):
        worker.call(fail)
    assert worker.call(len, "and it goes on") == 14


def test_a_call_that_may_be_half_done_is_not_repeated(worker: WorkerProcess) -> None:
    assert worker.call(len, "it runs") == 7 and worker._process
    worker._process.kill()
    with pytest.raises(WorkerEndedError, match=r"len ended early: signal 9; if memory ran out, .*\[night\] memory"):
        worker.call(len, "four")
    assert worker.call(len, "the next try is made here") == 25


def test_a_busy_worker_can_be_stopped(worker: WorkerProcess) -> None:
    process, result = worker._process, worker.submit(time.sleep, 600)
    assert process and process.poll() is None
    worker.stop()
    assert process.returncode is not None
    with pytest.raises((CancelledError, WorkerEndedError)):
        result.result(60)


def test_a_killed_night_leaves_no_worker_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", NIGHT_WITH_A_WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as night:
        assert night.stdout
        worker_id = int(night.stdout.readline())
        night.kill()
    deadline = time.monotonic() + 120
    while _is_running(worker_id) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_running(worker_id)


def _is_running(process: int) -> bool:
    try:
        # An ended process that nobody has waited for is still listed, as a zombie.
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
