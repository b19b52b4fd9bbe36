"""A process that has loaded everything and waits for one Dagster run, which so starts at once.

    python -m dagster_project.orchestration.serve.night_process SOCKET

It runs one night and ends; `pam serve` then starts the next one. So nothing is left over from one night in another, and only a
process that waits keeps what it has read: it ends, and is started anew, when a file that it has read changes.
"""

import contextlib
import gc
import json
import multiprocessing
import socket
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import SimpleQueue

from dagster_project.core.home import DBT_PROJECT, EXPECTATIONS, PROJECT, SEEDS, Home, be_private, be_quiet
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.core.receipts import SAMPLE_MARK

be_private()
be_quiet()
skip_unused_imports()
collect_garbage_less()

import dagster as dg  # noqa: E402  (nothing is imported before the libraries are set to be quiet)
from dagster._core.definitions.reconstruct import ReconstructableRepository  # noqa: E402
from dagster._grpc.impl import start_run_in_subprocess  # noqa: E402
from dagster._grpc.types import ExecuteExternalJobArgs  # noqa: E402
from dagster._serdes import serialize_value  # noqa: E402

from dagster_project.quality import engine  # noqa: E402
from dagster_project.transform import dbt_runner  # noqa: E402

from ..schedules import JOB  # noqa: E402

DEFINITIONS = "dagster_project.definitions"
LOOK_SECONDS = 10
"""How often a process that waits looks whether a file that it has read has changed."""
REQUEST_SECONDS = 5
Stamp = dict[str, tuple[int, int, int]]


def stamp_of(home: Home) -> Stamp:
    """The inode, size and time of each file that a process reads once: code, models, lists, suites, libraries, and in the home
    its settings and suites, from which the definitions are made.
    """
    stamp = {}
    for path in _read_once(home):
        with contextlib.suppress(OSError):
            found = path.stat()
            stamp[str(path)] = found.st_ino, found.st_size, found.st_mtime_ns
    return stamp


def _read_once(home: Home) -> Iterator[Path]:
    for folder in (PROJECT / "dagster_project", SEEDS, EXPECTATIONS, home.expectations):
        # Neither folders nor what Python compiles: writing that changes nothing.
        yield from (p for p in folder.rglob("*") if p.suffix not in ("", ".pyc"))
    yield from DBT_PROJECT.glob("*.yml")
    for name in ("models", "macros", "tests"):
        yield from (DBT_PROJECT / name).rglob("*")
    # Its time is that of the last package that was installed or removed.
    yield Path(sysconfig.get_path("purelib"))
    yield from (home.config_file, home.path / SAMPLE_MARK)


def load() -> ReconstructableRepository:
    """Load all that a night needs. Returns the definitions."""
    definitions = ReconstructableRepository.for_module(DEFINITIONS, "defs", str(PROJECT))
    # Dagster keeps the job that was made last.
    definitions.get_reconstructable_job(JOB).get_definition()
    dbt_runner.load()
    engine.load()
    # What is loaded now stays, so that no search for garbage need look at it.
    gc.collect()
    gc.freeze()
    return definitions


def wait_for_run(listener: socket.socket, home: Home, loaded: Stamp) -> str | None:
    """Wait to be given a run, and return its id; None once a file has changed."""
    listener.settimeout(LOOK_SECONDS)
    while stamp_of(home) == loaded:
        with contextlib.suppress(OSError, ValueError), _request(listener) as (verb, run_id, answer):
            is_taken = verb == "start" and stamp_of(home) == loaded
            answer(is_taken)
            if is_taken:
                return run_id
    return None


def answer_requests(listener: socket.socket, own_run: str, interrupt: Event) -> None:
    """While the run is under way: interrupt it when asked to, and take no other."""
    listener.settimeout(None)
    while True:
        with contextlib.suppress(OSError, ValueError), _request(listener) as (verb, run_id, answer):
            answer(run_id == own_run)
            if (verb, run_id) == ("stop", own_run):
                interrupt.set()


@contextlib.contextmanager
def _request(listener: socket.socket) -> Iterator[tuple[str, str, Callable[[bool], None]]]:
    """One request of `launcher.ask`: its verb, its run, and how to answer it."""
    client, _ = listener.accept()
    with client:
        client.settimeout(REQUEST_SECONDS)
        with client.makefile("rw", encoding="utf-8") as stream:

            def answer(yes: bool) -> None:
                stream.write(f"{json.dumps(yes)}\n")
                stream.flush()

            verb, run_id = json.loads(stream.readline())
            yield verb, run_id, answer


def run_night(instance: dg.DagsterInstance, definitions: ReconstructableRepository, run_id: str, interrupt: Event) -> bool:
    """Run it as Dagster's code server does in a process of its own. Returns whether the run has ended."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.remote_job_origin is None or run.status is not dg.DagsterRunStatus.STARTING:
        # It was ended, or marked as failed, while it waited.
        return run is None or run.is_finished
    args = ExecuteExternalJobArgs(job_origin=run.remote_job_origin, run_id=run_id, instance_ref=instance.get_ref())
    job = definitions.get_reconstructable_job(run.job_name)
    queue: SimpleQueue[object] = SimpleQueue()
    start_run_in_subprocess(serialize_value(args), job, queue, interrupt)  # type: ignore[no-untyped-call]  # Dagster gives none
    run = instance.get_run_by_id(run_id)
    return run is None or run.is_finished


def main(path: str) -> int:
    """Wait for a run, and run it. Returns the exit code: 1 if the run has not ended."""
    home = Home.of()
    loaded = stamp_of(home)
    definitions = load()
    with socket.socket(socket.AF_UNIX) as listener, dg.DagsterInstance.get() as instance:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        listener.listen()
        run_id = wait_for_run(listener, home, loaded)
        if run_id is None:
            return 0
        interrupt = multiprocessing.get_context("spawn").Event()
        threading.Thread(target=answer_requests, args=(listener, run_id, interrupt), daemon=True).start()
        return 0 if run_night(instance, definitions, run_id, interrupt) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
