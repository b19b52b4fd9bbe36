"""`pam serve` in processes of its own: the page answers, dead processes are restarted, and nothing is left behind."""

import asyncio
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
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest
import yaml
from offline_browser import BROWSER, WITHOUT, open_browser
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from support import begin
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dagster_project.core.home import PROJECT, Home
from dagster_project.core.night_lock import is_under_way
from dagster_project.core.receipts import read_receipts
from dagster_project.nights.health import find_problems
from dagster_project.nights.stopped_schedules import stopped_schedules
from dagster_project.orchestration import sensors
from dagster_project.orchestration.schedules import QUIET_RUN
from dagster_project.orchestration.serve import NightServer, ServeError, runs
from dagster_project.orchestration.serve.instance import delete_socket, socket_path, write_settings
from dagster_project.orchestration.serve.page import MadeUpBanner
from dagster_project.orchestration.serve.server import Process, _is_loopback
from dagster_project.orchestration.serve.token import address_file, page_prefix, page_token

pytestmark = pytest.mark.begin_first

_TRACEBACK = r"Traceback \(most recent call last\):\n(?:[ \t](?![^\n]*dagster_project/)[^\n]*\n)+\S[^\n]*\n"
IGNORED = re.compile(rf"^Exception ignored in[^\n]*\n{_TRACEBACK}(?:\n[^\n]+ exception[^\n]*:\n\n{_TRACEBACK})*", re.MULTILINE)
"""What Python prints of destructors and weak references' callbacks that a signal interrupts or that run while the interpreter
ends, such as those of dbt's pool of threads and of SQLAlchemy's connections: with the exceptions chained to it, and no more."""
UNREACHED = re.compile(r"[^\n]*Sensor tick caught an error.*?DagsterUserCodeUnreachableError[^\n]*\n", re.DOTALL)
"""Dagster's message of a sensor that runs while the code server, which a test has killed, is restarted."""
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "pam_warehouse"}


class RunningServer:
    """A `pam serve` under test: its output, and the answers of its page."""

    def __init__(self, home: Home) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = home.path.parent / "serve.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dagster_project", "serve", "--home", str(home.path), "--port", str(self.port)],
                cwd=PROJECT, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object], seconds: float = 120) -> object:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := condition():
                return result
            time.sleep(0.3)
        raise AssertionError(f"not within {seconds} s; output:\n{self.output()}")

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        token = page_token(self.home)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{page_prefix(token)}/graphql", body,
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["data"]
        except OSError:
            return {}

    def launch(self, config: dict) -> str:
        """Start a night from the page, once it answers and has found the code server. Returns the run's id."""

        def launched() -> dict | None:
            done = self.ask(
                "mutation($e: ExecutionParams!) {launchRun(executionParams: $e) {__typename"
                " ... on LaunchRunSuccess {run {runId}} ... on PythonError {message}"
                " ... on RunConfigValidationInvalid {errors {message}}}}",
                e={"selector": {**REPOSITORY, "jobName": "nightly"}, "runConfigData": {**QUIET_RUN, **config}},
            ).get("launchRun", {})  # fmt: skip
            assert done.get("__typename") != "RunConfigValidationInvalid", done
            return done.get("run")

        return self.until(launched)["runId"]

    def status(self, run_id: str) -> str:
        answer = self.ask("query($i: ID!) {runOrError(runId: $i) {... on Run {status}}}", i=run_id)
        return answer.get("runOrError", {}).get("status", "")

    def pids(self) -> dict[int, str]:
        """Processes that have this home in their command or environment, by id: its own, and what those started."""
        processes = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.home.path) in command or f"PAM_HOME={self.home.path}\0" in environment:
                processes[int(folder.name)] = command
        return processes

    def pid(self, part: str) -> int:
        return next(p for p, command in self.pids().items() if part in command)


@contextmanager
def serving(home: Home) -> Iterator[RunningServer]:
    """A `pam serve` whose page answers, ended afterwards."""
    running = RunningServer(home)
    try:
        running.until(lambda: "the page is at" in running.output())
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(120)
        except subprocess.TimeoutExpired:
            running.process.kill()
            raise


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(Home(tmp_path_factory.mktemp("served") / "home").create()) as running:
        yield running


def test_the_page_answers_and_schedules_and_sensors_run(server: RunningServer) -> None:
    assert f"the page is at http://127.0.0.1:{server.port};" in server.output() and "WARNING" not in server.output()
    # More people read a system's log than may open the page.
    assert str(address_file(server.home)) in server.output() and page_token(server.home) not in server.output()
    state = server.until(
        lambda: server.ask(
            "query($r: RepositorySelector!) {schedulesOrError(repositorySelector: $r) {... on Schedules {results {name"
            " scheduleState {status}}}} sensorsOrError(repositorySelector: $r) {... on Sensors {results {name sensorState"
            " {status}}}} instance {daemonHealth {allDaemonStatuses {daemonType healthy}}}}", r=REPOSITORY,
        )
    )  # fmt: skip
    schedules = {s["name"]: s["scheduleState"]["status"] for s in state["schedulesOrError"]["results"]}
    sensors = {s["name"]: s["sensorState"]["status"] for s in state["sensorsOrError"]["results"]}
    assert schedules == {"nightly_at_two": "RUNNING"}
    assert sensors == {"files_arrived": "RUNNING", "night_vanished": "RUNNING", "nights_elsewhere": "RUNNING"}
    dagster = server.home.dagster
    assert dagster.stat().st_mode & 0o777 == 0o700 and (dagster / "code.sock").is_socket()
    settings = yaml.safe_load((dagster / "dagster.yaml").read_text())
    assert settings["telemetry"] == {"enabled": False} and settings["run_monitoring"]["enabled"] is True
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_a_second_server_of_the_same_home_is_refused(server: RunningServer) -> None:
    with pytest.raises(ServeError, match="another `pam serve` has"):
        NightServer(server.home, "127.0.0.1", server.port).run()
    assert server.process.poll() is None


def attack(server: RunningServer, *curl: str, uid: int | None = 65534) -> tuple[int, str]:
    """HTTP status and answer that curl gets, as another user of the machine where the tests run as root."""
    if uid is not None and os.geteuid() != 0:
        uid = None
    done = subprocess.run(
        ["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *curl], capture_output=True, text=True, user=uid, cwd="/",
        check=False,
    )  # fmt: skip
    answer, _, code = done.stdout.rpartition("\n")
    return int(code), answer


STOP = 'mutation {stopRunningSchedule(id: "x") {__typename}}'


def test_another_user_of_the_machine_or_a_website_gets_nothing(server: RunningServer, tmp_path: Path) -> None:
    """The attack: `launchRun` on files of the attacker's by another uid, with a foreign Host and Origin, and by GET."""
    at, token = f"http://127.0.0.1:{server.port}", page_token(server.home)
    launch = json.dumps({"query": "mutation($e: ExecutionParams!) {launchRun(executionParams: $e) {__typename}}", "variables": {
        "e": {"selector": {**REPOSITORY, "jobName": "nightly"}, "runConfigData":
              {**QUIET_RUN, "resources": {"night": {"config": {"inbox": str(tmp_path)}}}}}}})  # fmt: skip
    post = ["-H", "Content-Type: application/json", "-d", launch]
    foreign = ["-H", "Host: evil.example", "-H", "Origin: https://evil.example"]
    for where in (f"{at}/graphql", f"{at}{page_prefix(token)}/graphql"):
        assert attack(server, *post, where)[0] == 401
        assert attack(server, *post, *foreign, where)[0] == 403
        assert attack(server, "-G", "--data-urlencode", f"query={STOP}", where)[0] == 401
    for path in ("/", "/server_info", "/runs", "/favicon.png", "/report_asset_check/raw/crimes", f"{page_prefix(token)}/"):
        assert attack(server, at + path)[0] == 401, path
    # The token does not help a website, or a mutation by GET.
    known = ["-H", f"Cookie: pam_page={token}"]
    mine = f"{at}{page_prefix(token)}/graphql"
    assert attack(server, *post, *known, "-H", "Origin: https://evil.example", mine)[0] == 403
    assert attack(server, "-G", "--data-urlencode", f"query={STOP}", *known, mine)[0] == 405
    # With the token, a run still can't name an inbox.
    code, answer = attack(server, *post, *known, "-H", f"Origin: {at}", mine)
    assert code == 200 and "RunConfigValidationInvalid" in answer, answer
    socket_files = [server.home.dagster / "code.sock", server.home.dagster / "page.token", server.home.dagster / "page.address"]
    for path in socket_files:
        assert path.exists()
        if os.geteuid() == 0:
            done = subprocess.run(["cat", path], capture_output=True, user=65534, cwd="/", check=False)
            assert b"Permission denied" in done.stderr, path


def listens(server: RunningServer) -> set[str]:
    """Addresses on which processes of this `pam serve` take TCP connections from others."""
    nodes = set()
    for pid in server.pids():
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                nodes.add(os.readlink(handle))
            except OSError:
                continue
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in nodes:
                addresses.add(parts[1])
    return addresses


def test_only_the_page_listens_on_the_network(server: RunningServer) -> None:
    assert listens(server) == {f"0100007F:{server.port:04X}"}


def test_a_websocket_needs_the_token_and_the_page_s_origin(server: RunningServer) -> None:
    at, token = f"127.0.0.1:{server.port}", page_token(server.home)
    address, cookie = f"ws://{at}{page_prefix(token)}/graphql", {"Cookie": f"pam_page={token}"}
    for origin, headers in ((f"http://{at}", {}), ("https://evil.example", cookie), (None, cookie)):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, origin=origin, additional_headers=headers, subprotocols=["graphql-ws"])
        assert refused.value.response.status_code == 403
    with connect(address, origin=f"http://{at}", additional_headers=cookie, subprotocols=["graphql-ws"]) as ws:
        ws.send(json.dumps({"type": "connection_init"}))
        assert json.loads(ws.recv(10))["type"] == "connection_ack"
        # A websocket can't change anything, even with the token.
        ws.send(json.dumps({"id": "1", "type": "start", "payload": {"query": "mutation {reloadWorkspace {__typename}}"}}))
        assert json.loads(ws.recv(10))["type"] == "error"


def test_a_stopped_schedule_or_sensor_is_reported(server: RunningServer) -> None:
    state = server.ask(
        "query($r: RepositorySelector!) {schedulesOrError(repositorySelector: $r) {... on Schedules {results {scheduleState"
        " {id}}}} sensorsOrError(repositorySelector: $r) {... on Sensors {results {name sensorState {id}}}}}", r=REPOSITORY,
    )  # fmt: skip
    (schedule,) = [s["scheduleState"]["id"] for s in state["schedulesOrError"]["results"]]
    (sensor,) = [s["sensorState"]["id"] for s in state["sensorsOrError"]["results"] if s["name"] == "files_arrived"]
    assert stopped_schedules(server.home) == []
    server.ask(f'mutation {{stopRunningSchedule(id: "{schedule}") {{__typename}}}}')
    server.ask(f'mutation {{stopSensor(id: "{sensor}") {{__typename}}}}')
    messages = ["the schedule nightly_at_two is stopped: switch it on again on Dagster's page, under Automation",
            "the sensor files_arrived is stopped: switch it on again on Dagster's page, under Automation"]  # fmt: skip
    assert stopped_schedules(server.home) == messages and set(messages) <= set(find_problems(server.home, 26))
    assert server.ask(
        "mutation($s: ScheduleSelector!) {startSchedule(scheduleSelector: $s) {__typename}}",
        s={**REPOSITORY, "scheduleName": "nightly_at_two"},
    )  # fmt: skip
    assert stopped_schedules(server.home) == messages[1:]
    assert server.ask(
        "mutation($s: SensorSelector!) {startSensor(sensorSelector: $s) {__typename}}",
        s={**REPOSITORY, "sensorName": "files_arrived"},
    )  # fmt: skip
    assert stopped_schedules(server.home) == []


def test_a_damaged_schedule_database_is_reported(new_home: Home) -> None:
    assert stopped_schedules(new_home) == []
    path = new_home.dagster / "schedules" / "schedules.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert stopped_schedules(new_home) == []
    path.write_bytes(b"not a database, but long enough to be taken for one" * 50)
    (message,) = stopped_schedules(new_home)
    assert "can't be read" in message and "restart `pam serve`" in message


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_a_browser_opens_the_address_and_the_page_works(server: RunningServer) -> None:
    with open_browser() as browser:
        page, refused = browser.new_page(), []
        page.on("response", lambda r: refused.append((r.status, r.url)) if r.status >= 400 else None)
        page.goto(address_file(server.home).read_text().strip())
        page.get_by_text("Timeline").first.wait_for(timeout=60_000)
        assert "token" not in page.url and refused == []
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == page_prefix(page_token(server.home))
        page.goto(f"http://127.0.0.1:{server.port}{page_prefix(page_token(server.home))}/automation")
        page.get_by_text("nightly_at_two").first.wait_for(timeout=60_000)
        if shown := os.environ.get("PAM_SHOW_PAGE"):
            page.screenshot(path=shown)


@pytest.mark.long
def test_a_dead_code_server_ends_its_night_and_is_restarted(server: RunningServer) -> None:
    run_id = server.launch({})
    server.until(lambda: (server.home.nights / "under_way").exists())
    os.kill(server.pid("dagster api grpc"), signal.SIGKILL)
    server.until(lambda: "the code server ended (by SIGKILL)" in server.output())
    server.until(lambda: server.status(run_id) == "FAILURE")
    receipt = server.until(lambda: read_receipts(server.home))[-1]
    assert receipt.outcome == "failed" and receipt.reason.startswith("interrupted: its process was ended")
    # The process that writes the receipt holds the lock a moment longer.
    server.until(lambda: not is_under_way(server.home) and not (server.home.nights / "under_way").exists())
    server.until(lambda: f"night {receipt.night_id} was interrupted: it has its receipt now" in server.output())
    assert f"Night {receipt.night_id} failed" in (server.home.nights / "alerts.jsonl").read_text()
    server.until(lambda: any("dagster api grpc" in c for c in server.pids().values()))


def end_by_sigterm(server: RunningServer) -> None:
    """End the server, and look for what it leaves behind."""
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(120) == 0
    assert "ending (SIGTERM)" in server.output() and server.output().rstrip().endswith("ended")
    assert server.pids() == {}
    assert not is_under_way(server.home)
    (location,) = yaml.safe_load((server.home.dagster / "workspace.yaml").read_text())["load_from"]
    socket_file = Path(location["grpc_server"]["socket"])
    assert not socket_file.exists() and (socket_file.parent == server.home.dagster or not socket_file.parent.exists())
    assert not (server.home.nights / "under_way").exists()
    with dg.DagsterInstance.from_config(str(server.home.dagster)) as instance:
        assert runs.unfinished(instance) == []
    output = UNREACHED.sub("", IGNORED.sub("", server.output()))
    assert "Traceback" not in output and "STEP_START" not in output, "the system's log is for errors only"


def test_sigterm_ends_everything(server: RunningServer) -> None:
    """The last test of this server: it ends what the others use."""
    end_by_sigterm(server)


@pytest.mark.long
def test_sigterm_ends_a_night_which_is_recorded_as_interrupted(new_home: Home) -> None:
    """The suite ends a server without a night, a process with a child, and `pam nightly` (`test_interrupted_nights`)."""
    with serving(new_home) as server:
        server.launch({"resources": {"night": {"config": {"rebuild": True}}}})
        server.until(lambda: (new_home.nights / "under_way").exists())
        end_by_sigterm(server)
        (receipt,) = read_receipts(new_home)
    # A night that is nearly done may finish before it reacts to the interrupt.
    assert receipt.outcome == "published" or receipt.reason.startswith("interrupted"), receipt.reason


def test_an_ended_process_is_restarted_and_its_children_end(
    new_home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a small process instead of the code server, and another instead of its night."""
    server, child = NightServer(new_home, "127.0.0.1", 3000), new_home.path / "night.pid"
    commands: list[str] = []
    monkeypatch.setattr(server, "_change_runs", commands.append)
    code = Process("code server", ["sh", "-c", f"sleep 600 & echo $! >'{child}.new'; mv '{child}.new' '{child}'; wait"])
    processes = {code.name: code}

    def until(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    code.start({**os.environ})
    try:
        until(child.exists)
        night, first = int(child.read_text()), code.popen
        server._restart_ended(processes, child)
        assert code.popen is first and child.exists() and commands == [], "a running process is left alone"
        first.kill()
        first.wait()
        server._restart_ended(processes, child)
        assert "the code server ended (by SIGKILL); it is started again in 1 s" in capfd.readouterr().out
        until(lambda: not _is_alive(night))
        assert commands == ["mark-unfinished"] and not code.is_up
        server._restart_ended(processes, child)
        assert not code.is_up and child.exists(), "not before its pause is over"
        code.restart_at = 0
        server._restart_ended(processes, child)
        assert code.is_up and code.popen is not first
        until(lambda: child.exists() and int(child.read_text()) != night)
    finally:
        code.end(5)
    # A killed process takes a moment to end.
    until(lambda: not _is_alive(int(child.read_text())))


def _is_alive(process: int) -> bool:
    try:
        # A process that ended and that nobody waited for is still listed.
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_a_taken_port_or_unknown_host_is_reported(new_home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"127.0.0.1:{port}: Address already in use; give another with --port"):
            NightServer(new_home, "127.0.0.1", port).run()
    with pytest.raises(ServeError, match=r"no\.such\.host\.invalid"):
        NightServer(new_home, "no.such.host.invalid", 3000, proxy="https://reports.example").run()


def answered(app: ASGIApp, path: str) -> tuple[dict[bytes, bytes], bytes]:
    """The headers and the body that a page answers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(app({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send))
    return dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


def test_every_page_of_sample_data_has_a_banner() -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        body = "<html><body><div id=root></div></body></html>"
        answer = HTMLResponse(body) if scope["path"] == "/" else JSONResponse({"body": "</body>"})
        await answer(scope, receive, send)

    headers, body = answered(MadeUpBanner(page), "/")
    assert b"every figure of this home is made up</div></body>" in body and int(headers[b"content-length"]) == len(body)
    assert answered(MadeUpBanner(page), "/graphql") == answered(page, "/graphql")


def test_old_runs_are_deleted_with_their_logs_and_unfinished_ones_marked(
    new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        assert runs.delete_old_runs(instance, new_home) == [] and files(done)
        monkeypatch.setattr(runs, "KEEP_DAYS", -1)
        assert runs.delete_old_runs(instance, new_home) == ["1 run of more than -1 days ago deleted"]
        assert not files(done) and instance.get_run_by_id(done) is None
        assert runs.mark_unfinished(instance, new_home) == [f"run {left[:8]} was left unfinished: marked as failed"]
        assert instance.get_run_by_id(left).status == dg.DagsterRunStatus.FAILURE
        assert runs.mark_unfinished(instance, new_home) == []


def test_a_run_without_a_process_does_not_block_later_runs(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk ends the run's process, and Dagster's own monitoring of it: the run would stay as it was for ever."""
    write_settings(new_home)
    monkeypatch.setattr(sensors, "LOCK_SECONDS", 0)

    @dg.job
    def small() -> None: ...

    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        gone = instance.create_run_for_job(small, status=dg.DagsterRunStatus.STARTED).run_id
        assert sensors.STARTED_SECONDS > sensors.PATIENCE, "a run that retries its start is alive"
        young = instance.create_run_for_job(small, status=dg.DagsterRunStatus.STARTING).run_id
        instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "small"), young)
        begin(new_home).end()
        run = begin(new_home)
        assert sensors.mark_dead_runs(instance, new_home) == [], "a night is under way"
        run.end()
        assert sensors.mark_dead_runs(instance, new_home) == [gone]
        statuses = [instance.get_run_by_id(i).status for i in (gone, young)]
        assert statuses == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED]
        unqueued = instance.create_run_for_job(small).run_id
        assert sensors.mark_dead_runs(instance, new_home) == [], "it may still be queued"
        instance.report_run_failed(instance.get_run_by_id(young))
        monkeypatch.setattr(sensors, "STARTED_SECONDS", -1)
        assert sensors.mark_dead_runs(instance, new_home) == [unqueued]
        assert sensors.mark_dead_runs(instance, new_home) == []


def test_a_full_log_disk_does_not_end_the_server() -> None:
    code = "import os; from dagster_project.orchestration.serve.server import _print_line as say; say(1); say(2); os._exit(7)"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 7, done.stderr


def test_only_tracebacks_of_ignored_exceptions_are_filtered() -> None:
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\n    ^^^\n'
    chain = "\nDuring handling of the above exception, another exception occurred:\n\n"
    ignored = f"Exception ignored in: <function Pool.__del__ at 0x7f>\n{traceback}OSError: [Errno 9] Bad file descriptor\n"
    interrupted = f"Exception ignored in: <function b.<locals>.<lambda> at 0x7f>\n{traceback}KeyError: 1\n{chain}"
    interrupted += f"{traceback}KeyboardInterrupt: \n"
    real = f"{traceback}ValueError: x\n"
    assert IGNORED.sub("", f"a\n{ignored}{interrupted}b\n") == "a\nb\n"
    assert IGNORED.sub("", f"{ignored}{real}{interrupted}{real}") == real * 2


def test_loopback_addresses() -> None:
    assert [h for h in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "::", "10.0.0.4", "pam.force.example")
            if _is_loopback(h)] == ["127.0.0.1", "127.1.2.3", "::1", "localhost"]  # fmt: skip
    assert NightServer(Home(Path("/x")), "0.0.0.0", 3000).address == "http://127.0.0.1:3000"
    assert NightServer(Home(Path("/x")), "::", 80).address == "http://[::1]:80"


def test_settings_are_corrected_and_a_deep_home_has_its_socket_elsewhere(tmp_path: Path) -> None:
    # The folder of a test may be deep itself.
    with TemporaryDirectory(dir="/tmp") as folder:
        shallow = Home(Path(folder) / "home").create()
        assert write_settings(shallow) == socket_path(shallow.dagster) == shallow.dagster / "code.sock"
        path = shallow.dagster / "dagster.yaml"
        right = path.read_text()
        path.write_text("telemetry:\n  enabled: true\n")
        write_settings(shallow)
        assert path.read_text() == right
    deep = Home(tmp_path / ("d" * 60) / ("e" * 60)).create()
    socket_file = write_settings(deep)
    assert len(os.fsencode(socket_file)) <= 100 and socket_file.parent.stat().st_mode & 0o777 == 0o700
    assert str(socket_file) in (deep.dagster / "workspace.yaml").read_text()
    delete_socket(socket_file, deep)
    assert not socket_file.parent.exists() and deep.dagster.exists()
