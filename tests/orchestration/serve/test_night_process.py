"""The process that has loaded everything and waits for a night: each is used once, and none knows what is out of date."""

import socket
import threading
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from support import write_extract

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.orchestration.serve import night_process
from dagster_project.orchestration.serve.launcher import ask

from .served import Served, serving

pytestmark = pytest.mark.long

INCIDENTS = ["incident_ref", "created_at", "record_type", "qualifiers", "grade", "channel", "lpu"]


def drop_day(home: Home, day: str) -> None:
    rows = [[f"{day}-{n}", f"{day}T{n:02d}:10:00", "INCIDENT", "Drugs", "", "101", "Amber Valley"] for n in range(24)]
    write_extract(home.inbox, "incidents", rows, columns=INCIDENTS, window=(day, day), stamp=f"{day.replace('-', '')}T230000Z")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = Home(tmp_path_factory.mktemp("nights") / "home").create()
    home.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
    with serving(home) as server:
        yield server


def next_process(served: Served, last: int = 0) -> int:
    """The id of the process that is given the next night, after the process `last`."""
    return served.until(lambda: next((p for p, c in served.pids().items() if "serve.night_process" in c and p != last), 0))


def test_two_nights_and_changed_settings_between(served: Served) -> None:
    one = next_process(served)
    drop_day(served.home, "2025-12-30")
    assert served.run({}) == "SUCCESS"
    two = next_process(served, one)
    drop_day(served.home, "2025-12-31")
    assert served.run({}) == "SUCCESS"
    receipts = read_receipts(served.home)
    assert [(r.outcome, r.outputs) for r in receipts] == [("published", {})] * 2
    path = served.home.dagster / "night.sock"
    bound = path.stat().st_mtime_ns
    three = next_process(served, two)
    served.until(lambda: path.exists() and path.stat().st_mtime_ns != bound)
    # It waits, and has read the settings: it must make room for another.
    served.home.config_file.write_text('[publish]\noutputs = ["open"]\n[serve]\nowners = ["team:drugs"]\n', encoding="utf-8")
    drop_day(served.home, "2026-01-01")
    assert served.run({}) == "SUCCESS"
    assert list(read_receipts(served.home)[-1].outputs) == ["open"]
    assert not {one, two, three} & served.pids().keys() and "ended (" not in served.said()


def test_a_run_of_some_assets_runs_those_alone(served: Served) -> None:
    drop_day(served.home, "2026-01-02")
    before = len(read_receipts(served.home))
    assert served.run({}, job="__ASSET_JOB", assets=[["raw", "incidents"]]) == "SUCCESS"
    assert len(read_receipts(served.home)) == before and not list(served.home.inbox.glob("incidents__*"))


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        made.listen()
        yield made


def test_a_process_that_is_out_of_date_takes_no_run(new_home: Home, listener: socket.socket) -> None:
    found: list[str | None] = []
    loaded = night_process.stamp_of(new_home)
    path = Path(listener.getsockname())

    def wait() -> threading.Thread:
        thread = threading.Thread(target=lambda: found.append(night_process.wait_for_run(listener, new_home, loaded)))
        thread.start()
        return thread

    thread = wait()
    assert ask(path, "stop", "a") is False, "it has no run that could be stopped"
    assert ask(path, "start", "a") is True
    thread.join(10)
    thread = wait()
    new_home.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
    assert ask(path, "start", "b") is False
    thread.join(10)
    assert found == ["a", None]


def test_what_a_process_has_read_once_is_looked_at(new_home: Home) -> None:
    before = night_process.stamp_of(new_home)
    for part in ("dagster_project/contracts/incidents.yml", "dagster_project/nights/run.py", "seeds/measure_list.csv",
                 "dbt/dbt_project.yml", "dbt/models/marts/mart_naloxone.sql", "expectations/mart_naloxone.yml"):  # fmt: skip
        assert str(night_process.PROJECT / part) in before, part
    (new_home.expectations).mkdir(exist_ok=True)
    own = new_home.expectations / "own.yml"
    own.write_text("name: own\n")
    assert night_process.stamp_of(new_home).keys() - before.keys() == {str(own)}


def test_the_run_under_way_alone_is_interrupted(listener: socket.socket) -> None:
    interrupt, path = get_context("spawn").Event(), Path(listener.getsockname())
    threading.Thread(target=night_process.answer_requests, args=(listener, "own", interrupt), daemon=True).start()
    assert [ask(path, "start", "other"), ask(path, "stop", "other"), ask(path, "start", "own")] == [False, False, True]
    assert not interrupt.is_set()
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        other.sendall(b"no request\n")
    assert ask(path, "stop", "own") is True
    assert interrupt.wait(5)


def test_nobody_listens(tmp_path: Path) -> None:
    assert ask(tmp_path / "none", "start", "a") is False
