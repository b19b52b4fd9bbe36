"""`pam serve` in processes of its own: the page answers, what dies is started again, and nothing is left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import SAMPLE_MARK, is_under_way, read_receipts
from dagster_project.orchestration.schedules import QUIET_RUN
from dagster_project.orchestration.serve import PortInUseError, ServedAlreadyError, Server, runs
from dagster_project.orchestration.serve.instance import socket_path, write_settings
from dagster_project.orchestration.serve.server import _is_loopback

IGNORED = re.compile(r"Exception ignored in: <function Pool\.__del__.*?OSError: \[Errno 9\] Bad file descriptor\n", re.DOTALL)
"""Python's own word of a pool of threads (dbt's) that is collected while its interpreter ends, where a night is interrupted."""
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "pam_warehouse"}


class Served:
    """A `pam serve` under test: what it said, and what its page answers."""

    def __init__(self, home: Home) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = home.path.parent / "serve.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dagster_project.cli", "serve", "--home", str(home.path), "--port", str(self.port)],
                cwd=PROJECT, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, true: Callable[[], object], seconds: float = 120) -> object:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            time.sleep(0.3)
        raise AssertionError(f"not within {seconds} s; it said:\n{self.said()}")

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())["data"]
        except OSError:
            return {}

    def launch(self, config: dict) -> str:
        done = self.ask(
            "mutation($e: ExecutionParams!) {launchRun(executionParams: $e) {__typename ... on LaunchRunSuccess {run {runId}}"
            " ... on PythonError {message} ... on RunConfigValidationInvalid {errors {message}}}}",
            e={"selector": {**REPOSITORY, "jobName": "nightly"}, "runConfigData": {**QUIET_RUN, **config}},
        )["launchRun"]  # fmt: skip
        assert done["__typename"] == "LaunchRunSuccess", done
        return done["run"]["runId"]

    def status(self, run_id: str) -> str:
        found = self.ask("query($i: ID!) {runOrError(runId: $i) {... on Run {status}}}", i=run_id)
        return found.get("runOrError", {}).get("status", "")

    def pids(self) -> dict[int, str]:
        """Processes that have this home in their command or environment, by id: its own, and what those started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.home.path) in command or f"PAM_HOME={self.home.path}\0" in environment:
                found[int(folder.name)] = command
        return found

    def pid(self, part: str) -> int:
        return next(p for p, command in self.pids().items() if part in command)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = Home(tmp_path_factory.mktemp("served") / "home").create()
    server = Served(home)
    try:
        server.until(lambda: "the page is at" in server.said())
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(120)
        except subprocess.TimeoutExpired:
            server.process.kill()
            raise


def test_the_page_answers_and_everything_is_on(served: Served) -> None:
    assert f"the page is at http://127.0.0.1:{served.port}" in served.said() and "WARNING" not in served.said()
    found = served.until(
        lambda: served.ask(
            "query($r: RepositorySelector!) {schedulesOrError(repositorySelector: $r) {... on Schedules {results {name"
            " scheduleState {status}}}} sensorsOrError(repositorySelector: $r) {... on Sensors {results {name sensorState"
            " {status}}}} instance {daemonHealth {allDaemonStatuses {daemonType healthy}}}}", r=REPOSITORY,
        )
    )  # fmt: skip
    schedules = {s["name"]: s["scheduleState"]["status"] for s in found["schedulesOrError"]["results"]}
    sensors = {s["name"]: s["sensorState"]["status"] for s in found["sensorsOrError"]["results"]}
    assert schedules == {"nightly_at_two": "RUNNING"}
    assert sensors == {"files_arrived": "RUNNING", "night_vanished": "RUNNING"}
    dagster = served.home.dagster
    assert dagster.stat().st_mode & 0o777 == 0o700 and (dagster / "code.sock").is_socket()
    settings = yaml.safe_load((dagster / "dagster.yaml").read_text())
    assert settings["telemetry"] == {"enabled": False} and settings["run_monitoring"]["enabled"] is True
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_a_second_one_of_the_same_home_is_refused(served: Served) -> None:
    with pytest.raises(ServedAlreadyError, match="another `pam serve` has"):
        Server(served.home, "127.0.0.1", served.port).run()
    assert served.process.poll() is None


def test_a_page_that_dies_is_started_again_and_that_is_said(served: Served) -> None:
    os.kill(served.pid("dagster-webserver"), signal.SIGKILL)
    served.until(lambda: "the page ended (by SIGKILL); it is started again in 1 s" in served.said())
    served.until(lambda: served.ask("{version}"))


def test_a_code_server_that_dies_takes_its_night_along_and_is_started_again(served: Served) -> None:
    run_id = served.launch({})
    served.until(lambda: (served.home.nights / "under_way").exists())
    os.kill(served.pid("dagster api grpc"), signal.SIGKILL)
    served.until(lambda: "the code server ended (by SIGKILL)" in served.said())
    served.until(lambda: served.status(run_id) == "FAILURE")
    receipt = served.until(lambda: read_receipts(served.home))[-1]
    assert receipt.outcome == "failed" and receipt.reason.startswith("interrupted: its process was ended")
    assert not is_under_way(served.home) and not (served.home.nights / "under_way").exists()
    served.until(lambda: f"night {receipt.night_id} was interrupted: it has its receipt now" in served.said())
    assert f"Night {receipt.night_id} failed" in (served.home.nights / "alerts.jsonl").read_text()
    served.until(lambda: any("dagster api grpc" in c for c in served.pids().values()))


def test_sigterm_ends_all_and_the_night_under_way_says_so(served: Served) -> None:
    """The last of this module: it ends what the others use."""
    before = len(read_receipts(served.home))

    def launched() -> str | None:
        try:
            return served.launch({"resources": {"night": {"config": {"rebuild": True}}}})
        except (AssertionError, KeyError):
            return None  # the page has not found the new code server yet

    served.until(launched)
    served.until(lambda: (served.home.nights / "under_way").exists())
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(120) == 0
    assert "ending (SIGTERM)" in served.said() and served.said().rstrip().endswith("ended")
    assert served.pids() == {}
    assert not is_under_way(served.home)
    receipts = read_receipts(served.home)
    assert len(receipts) == before + 1 and not (served.home.nights / "under_way").exists()
    last = receipts[-1]
    # A night that is nearly over may be over before it heeds the interrupt.
    assert last.outcome == "published" or last.reason.startswith("interrupted"), last.reason
    with dg.DagsterInstance.from_config(str(served.home.dagster)) as instance:
        assert runs.unfinished(instance) == []
    said = IGNORED.sub("", served.said())
    assert "Traceback" not in said and "STEP_START" not in said, "the system's log is for what went wrong"


def test_a_port_that_is_taken_is_said_clearly(new_home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"127.0.0.1:{port}: Address already in use; give another with --port"):
            Server(new_home, "127.0.0.1", port).run()
    with pytest.raises(PortInUseError, match=r"no\.such\.host\.invalid"):
        Server(new_home, "no.such.host.invalid", 3000, proxy="https://reports.example").run()


def test_a_home_of_sample_data_is_refused(pam: Callable, new_home: Home) -> None:
    (new_home.path / SAMPLE_MARK).touch()
    result = pam("serve", "--home", new_home.path)
    assert result.exit_code == 1 and "holds made-up sample data" in result.stderr
    assert not new_home.dagster.exists()


def test_old_runs_are_forgotten_with_their_logs_and_unfinished_ones_marked(new_home: Home) -> None:
    write_settings(new_home)

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def small() -> None:
        nothing()

    def files(run_id: str) -> list[str]:
        return [p.name for p in new_home.dagster.rglob("*") if run_id in str(p)]

    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        done = small.execute_in_process(instance=instance, run_config=QUIET_RUN).run_id
        left = instance.create_run_for_job(small, status=dg.DagsterRunStatus.STARTED).run_id
        assert runs.tidy(instance, new_home) == [] and files(done)
        assert runs.tidy(instance, new_home, days=-1) == ["1 runs of more than -1 days ago are forgotten"]
        assert not files(done) and instance.get_run_by_id(done) is None
        assert runs.mark_left(instance, new_home) == [f"run {left[:8]} was left unfinished: marked as failed"]
        assert instance.get_run_by_id(left).status == dg.DagsterRunStatus.FAILURE
        assert runs.mark_left(instance, new_home) == []


def test_what_is_loopback() -> None:
    assert [h for h in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "::", "10.0.0.4", "pam.force.example")
            if _is_loopback(h)] == ["127.0.0.1", "127.1.2.3", "::1", "localhost"]  # fmt: skip
    assert Server(Home(Path("/x")), "0.0.0.0", 3000).address == "http://127.0.0.1:3000"
    assert Server(Home(Path("/x")), "::", 80).address == "http://[::1]:80"


def test_settings_are_put_right_and_a_deep_home_has_its_socket_elsewhere(new_home: Home) -> None:
    assert write_settings(new_home) == new_home.dagster / "code.sock"
    path = new_home.dagster / "dagster.yaml"
    right = path.read_text()
    path.write_text("telemetry:\n  enabled: true\n")
    write_settings(new_home)
    assert path.read_text() == right
    deep = Home(new_home.path / ("d" * 60) / ("e" * 60)).create()
    found = write_settings(deep)
    assert len(os.fsencode(found)) <= 100 and found.parent.stat().st_mode & 0o777 == 0o700
    assert str(found) in (deep.dagster / "workspace.yaml").read_text()
    assert socket_path(new_home.dagster) == new_home.dagster / "code.sock"
    found.parent.rmdir()
