"""`pam serve` in processes of its own: the page answers, what dies is started again, and nothing is left behind."""

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
from pathlib import Path

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
from dagster_project.core.receipts import is_under_way, read_receipts
from dagster_project.nights.health import find_problems
from dagster_project.nights.stopped_schedules import stopped_schedules
from dagster_project.orchestration import sensors
from dagster_project.orchestration.schedules import QUIET_RUN
from dagster_project.orchestration.serve import NightServer, ServeError, runs
from dagster_project.orchestration.serve.instance import socket_path, write_settings
from dagster_project.orchestration.serve.page import SampleBanner
from dagster_project.orchestration.serve.server import Process, _is_loopback
from dagster_project.orchestration.serve.token import address_file, page_prefix, page_token

pytestmark = pytest.mark.begin_first

_TRACEBACK = r"Traceback \(most recent call last\):\n(?:[ \t](?![^\n]*dagster_project/)[^\n]*\n)+\S[^\n]*\n"
IGNORED = re.compile(rf"^Exception ignored in[^\n]*\n{_TRACEBACK}(?:\n[^\n]+ exception[^\n]*:\n\n{_TRACEBACK})*", re.MULTILINE)
"""What Python prints of destructors and weak references' callbacks that a signal interrupts or that run while the interpreter
ends, such as those of dbt's pool of threads and of SQLAlchemy's connections: with the exceptions chained to it, and no more."""
UNREACHED = re.compile(r"[^\n]*Sensor tick caught an error.*?DagsterUserCodeUnreachableError[^\n]*\n", re.DOTALL)
"""Dagster's own word of a sensor that is asked while the code server, which a test has killed, is started again."""
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
                [sys.executable, "-m", "dagster_project", "serve", "--home", str(home.path), "--port", str(self.port)],
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
        """Start a night from the page, once that answers and has found the code server. Returns the run's id."""

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
    assert f"the page is at http://127.0.0.1:{served.port};" in served.said() and "WARNING" not in served.said()
    # A system's log is read by more people than may open the page.
    assert str(address_file(served.home)) in served.said() and page_token(served.home) not in served.said()
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
    assert sensors == {"files_arrived": "RUNNING", "night_vanished": "RUNNING", "nights_elsewhere": "RUNNING"}
    dagster = served.home.dagster
    assert dagster.stat().st_mode & 0o777 == 0o700 and (dagster / "code.sock").is_socket()
    settings = yaml.safe_load((dagster / "dagster.yaml").read_text())
    assert settings["telemetry"] == {"enabled": False} and settings["run_monitoring"]["enabled"] is True
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_a_second_one_of_the_same_home_is_refused(served: Served) -> None:
    with pytest.raises(ServeError, match="another `pam serve` has"):
        NightServer(served.home, "127.0.0.1", served.port).run()
    assert served.process.poll() is None


def attack(served: Served, *curl: str, uid: int | None = 65534) -> tuple[int, str]:
    """What curl gets as another user of the machine, where the tests run as root: HTTP's status and the answer."""
    if uid is not None and os.geteuid() != 0:
        uid = None
    done = subprocess.run(
        ["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *curl], capture_output=True, text=True, user=uid, cwd="/",
        check=False,
    )  # fmt: skip
    answer, _, code = done.stdout.rpartition("\n")
    return int(code), answer


STOP = 'mutation {stopRunningSchedule(id: "x") {__typename}}'


def test_another_user_of_the_machine_or_a_website_gets_nothing(served: Served, tmp_path: Path) -> None:
    """The attack: `launchRun` on files of the attacker's by another uid, with a foreign Host and Origin, and by GET."""
    at, token = f"http://127.0.0.1:{served.port}", page_token(served.home)
    launch = json.dumps({"query": "mutation($e: ExecutionParams!) {launchRun(executionParams: $e) {__typename}}", "variables": {
        "e": {"selector": {**REPOSITORY, "jobName": "nightly"}, "runConfigData":
              {**QUIET_RUN, "resources": {"night": {"config": {"inbox": str(tmp_path)}}}}}}})  # fmt: skip
    post = ["-H", "Content-Type: application/json", "-d", launch]
    foreign = ["-H", "Host: evil.example", "-H", "Origin: https://evil.example"]
    for where in (f"{at}/graphql", f"{at}{page_prefix(token)}/graphql"):
        assert attack(served, *post, where)[0] == 401
        assert attack(served, *post, *foreign, where)[0] == 403
        assert attack(served, "-G", "--data-urlencode", f"query={STOP}", where)[0] == 401
    for path in ("/", "/server_info", "/runs", "/favicon.png", "/report_asset_check/raw/crimes", f"{page_prefix(token)}/"):
        assert attack(served, at + path)[0] == 401, path
    # The token does not help a website, or a mutation by GET.
    known = ["-H", f"Cookie: pam_page={token}"]
    mine = f"{at}{page_prefix(token)}/graphql"
    assert attack(served, *post, *known, "-H", "Origin: https://evil.example", mine)[0] == 403
    assert attack(served, "-G", "--data-urlencode", f"query={STOP}", *known, mine)[0] == 405
    # Nor does it choose what is read.
    code, said = attack(served, *post, *known, "-H", f"Origin: {at}", mine)
    assert code == 200 and "RunConfigValidationInvalid" in said, said
    socket_files = [served.home.dagster / "code.sock", served.home.dagster / "page.token", served.home.dagster / "page.address"]
    for path in socket_files:
        assert path.exists()
        if os.geteuid() == 0:
            done = subprocess.run(["cat", path], capture_output=True, user=65534, cwd="/", check=False)
            assert b"Permission denied" in done.stderr, path


def listens(served: Served) -> set[str]:
    """Addresses on which processes of this `pam serve` take TCP connections from others."""
    nodes = set()
    for pid in served.pids():
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                nodes.add(os.readlink(handle))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in nodes:
                found.add(parts[1])
    return found


def test_nothing_but_the_page_listens_on_the_network(served: Served) -> None:
    assert listens(served) == {f"0100007F:{served.port:04X}"}


def test_a_websocket_comes_in_with_the_token_from_the_page_alone(served: Served) -> None:
    at, token = f"127.0.0.1:{served.port}", page_token(served.home)
    address, cookie = f"ws://{at}{page_prefix(token)}/graphql", {"Cookie": f"pam_page={token}"}
    for origin, headers in ((f"http://{at}", {}), ("https://evil.example", cookie), (None, cookie)):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, origin=origin, additional_headers=headers, subprotocols=["graphql-ws"])
        assert refused.value.response.status_code == 403
    with connect(address, origin=f"http://{at}", additional_headers=cookie, subprotocols=["graphql-ws"]) as ws:
        ws.send(json.dumps({"type": "connection_init"}))
        assert json.loads(ws.recv(10))["type"] == "connection_ack"
        # What comes by websocket changes nothing, also with the token.
        ws.send(json.dumps({"id": "1", "type": "start", "payload": {"query": "mutation {reloadWorkspace {__typename}}"}}))
        assert json.loads(ws.recv(10))["type"] == "error"


def test_a_schedule_or_sensor_that_is_stopped_is_told_of(served: Served) -> None:
    found = served.ask(
        "query($r: RepositorySelector!) {schedulesOrError(repositorySelector: $r) {... on Schedules {results {scheduleState"
        " {id}}}} sensorsOrError(repositorySelector: $r) {... on Sensors {results {name sensorState {id}}}}}", r=REPOSITORY,
    )  # fmt: skip
    (schedule,) = [s["scheduleState"]["id"] for s in found["schedulesOrError"]["results"]]
    (sensor,) = [s["sensorState"]["id"] for s in found["sensorsOrError"]["results"] if s["name"] == "files_arrived"]
    assert stopped_schedules(served.home) == []
    served.ask(f'mutation {{stopRunningSchedule(id: "{schedule}") {{__typename}}}}')
    served.ask(f'mutation {{stopSensor(id: "{sensor}") {{__typename}}}}')
    said = ["the schedule nightly_at_two is stopped: switch it on again on Dagster's page, under Automation",
            "the sensor files_arrived is stopped: switch it on again on Dagster's page, under Automation"]  # fmt: skip
    assert stopped_schedules(served.home) == said and set(said) <= set(find_problems(served.home, 26))
    assert served.ask(
        "mutation($s: ScheduleSelector!) {startSchedule(scheduleSelector: $s) {__typename}}",
        s={**REPOSITORY, "scheduleName": "nightly_at_two"},
    )  # fmt: skip
    assert stopped_schedules(served.home) == said[1:]
    assert served.ask(
        "mutation($s: SensorSelector!) {startSensor(sensorSelector: $s) {__typename}}",
        s={**REPOSITORY, "sensorName": "files_arrived"},
    )  # fmt: skip
    assert stopped_schedules(served.home) == []


def test_a_damaged_file_of_schedules_is_told_of(new_home: Home) -> None:
    assert stopped_schedules(new_home) == []
    path = new_home.dagster / "schedules" / "schedules.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert stopped_schedules(new_home) == []
    path.write_bytes(b"not a database, but long enough to be taken for one" * 50)
    (said,) = stopped_schedules(new_home)
    assert "can't be read" in said and "restart `pam serve`" in said


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_a_browser_opens_the_address_and_the_page_works(served: Served) -> None:
    with open_browser() as browser:
        page, refused = browser.new_page(), []
        page.on("response", lambda r: refused.append((r.status, r.url)) if r.status >= 400 else None)
        page.goto(address_file(served.home).read_text().strip())
        page.get_by_text("Timeline").first.wait_for(timeout=60_000)
        assert "token" not in page.url and refused == []
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == page_prefix(page_token(served.home))
        page.goto(f"http://127.0.0.1:{served.port}{page_prefix(page_token(served.home))}/automation")
        page.get_by_text("nightly_at_two").first.wait_for(timeout=60_000)
        if shown := os.environ.get("PAM_SHOW_PAGE"):
            page.screenshot(path=shown)


@pytest.mark.long
def test_a_code_server_that_dies_takes_its_night_along_and_is_started_again(served: Served) -> None:
    run_id = served.launch({})
    served.until(lambda: (served.home.nights / "under_way").exists())
    os.kill(served.pid("dagster api grpc"), signal.SIGKILL)
    served.until(lambda: "the code server ended (by SIGKILL)" in served.said())
    served.until(lambda: served.status(run_id) == "FAILURE")
    receipt = served.until(lambda: read_receipts(served.home))[-1]
    assert receipt.outcome == "failed" and receipt.reason.startswith("interrupted: its process was ended")
    # Who writes the receipt holds the lock for a moment longer.
    served.until(lambda: not is_under_way(served.home) and not (served.home.nights / "under_way").exists())
    served.until(lambda: f"night {receipt.night_id} was interrupted: it has its receipt now" in served.said())
    assert f"Night {receipt.night_id} failed" in (served.home.nights / "alerts.jsonl").read_text()
    served.until(lambda: any("dagster api grpc" in c for c in served.pids().values()))


def test_sigterm_ends_all_and_the_night_under_way_says_so(served: Served) -> None:
    """The last of this module: it ends what the others use."""
    before = len(read_receipts(served.home))
    served.launch({"resources": {"night": {"config": {"rebuild": True}}}})
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
    said = UNREACHED.sub("", IGNORED.sub("", served.said()))
    assert "Traceback" not in said and "STEP_START" not in said, "the system's log is for what went wrong"


def test_what_ends_is_started_again_and_takes_along_what_it_began(
    new_home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a small process in the place of the code server, and another in that of its night."""
    server, child = NightServer(new_home, "127.0.0.1", 3000), new_home.path / "night.pid"
    asked: list[str] = []
    monkeypatch.setattr(server, "_change_runs", asked.append)
    code = Process("code server", ["sh", "-c", f"sleep 600 & echo $! >'{child}.new'; mv '{child}.new' '{child}'; wait"])
    processes = {code.name: code}

    def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end
            time.sleep(0.02)

    code.start({**os.environ})
    try:
        until(child.exists)
        night, first = int(child.read_text()), code.popen
        server._restart_ended(processes, child)
        assert code.popen is first and child.exists() and asked == [], "what runs is left alone"
        first.kill()
        first.wait()
        server._restart_ended(processes, child)
        assert "the code server ended (by SIGKILL); it is started again in 1 s" in capfd.readouterr().out
        until(lambda: not _is_alive(night))
        assert asked == ["mark-unfinished"] and not code.is_up
        server._restart_ended(processes, child)
        assert not code.is_up and child.exists(), "not before its pause is over"
        code.restart_at = 0
        server._restart_ended(processes, child)
        assert code.is_up and code.popen is not first
        until(lambda: child.exists() and int(child.read_text()) != night)
    finally:
        code.end(5)
    # What is killed takes a moment to end.
    until(lambda: not _is_alive(int(child.read_text())))


def _is_alive(process: int) -> bool:
    try:
        # One that has ended and that nobody has asked about is still listed.
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_a_port_that_is_taken_is_said_clearly(new_home: Home) -> None:
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


def test_every_page_of_made_up_data_says_so() -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        body = "<html><body><div id=root></div></body></html>"
        answer = HTMLResponse(body) if scope["path"] == "/" else JSONResponse({"body": "</body>"})
        await answer(scope, receive, send)

    headers, body = answered(SampleBanner(page), "/")
    assert b"every figure of this home is made up</div></body>" in body and int(headers[b"content-length"]) == len(body)
    assert answered(SampleBanner(page), "/graphql") == answered(page, "/graphql")


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
        assert runs.delete_old_runs(instance, new_home) == [] and files(done)
        assert runs.delete_old_runs(instance, new_home, days=-1) == ["1 runs of more than -1 days ago were deleted"]
        assert not files(done) and instance.get_run_by_id(done) is None
        assert runs.mark_unfinished(instance, new_home) == [f"run {left[:8]} was left unfinished: marked as failed"]
        assert instance.get_run_by_id(left).status == dg.DagsterRunStatus.FAILURE
        assert runs.mark_unfinished(instance, new_home) == []


def test_a_run_whose_process_is_gone_does_not_keep_later_ones_waiting(
    new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk ends the run's process, and Dagster's own watch over it: the run would stay as it was for ever."""
    write_settings(new_home)
    monkeypatch.setattr(sensors, "LOCK_SECONDS", 0)

    @dg.job
    def small() -> None: ...

    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        gone = instance.create_run_for_job(small, status=dg.DagsterRunStatus.STARTED).run_id
        assert sensors.STARTED_SECONDS > sensors.PATIENCE, "one that tries again to begin is alive"
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
        assert sensors.mark_dead_runs(instance, new_home) == [], "it may be queued yet"
        instance.report_run_failed(instance.get_run_by_id(young))
        monkeypatch.setattr(sensors, "STARTED_SECONDS", -1)
        assert sensors.mark_dead_runs(instance, new_home) == [unqueued]
        assert sensors.mark_dead_runs(instance, new_home) == []


def test_a_log_without_room_ends_no_server() -> None:
    said = "import os; from dagster_project.orchestration.serve.server import _print_line as say; say(1); say(2); os._exit(7)"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", said], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 7, done.stderr


def test_only_tracebacks_of_ignored_exceptions_are_passed_over() -> None:
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\n    ^^^\n'
    chain = "\nDuring handling of the above exception, another exception occurred:\n\n"
    ignored = f"Exception ignored in: <function Pool.__del__ at 0x7f>\n{traceback}OSError: [Errno 9] Bad file descriptor\n"
    interrupted = f"Exception ignored in: <function b.<locals>.<lambda> at 0x7f>\n{traceback}KeyError: 1\n{chain}"
    interrupted += f"{traceback}KeyboardInterrupt: \n"
    real = f"{traceback}ValueError: x\n"
    assert IGNORED.sub("", f"a\n{ignored}{interrupted}b\n") == "a\nb\n"
    assert IGNORED.sub("", f"{ignored}{real}{interrupted}{real}") == real * 2


def test_what_is_loopback() -> None:
    assert [h for h in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "::", "10.0.0.4", "pam.force.example")
            if _is_loopback(h)] == ["127.0.0.1", "127.1.2.3", "::1", "localhost"]  # fmt: skip
    assert NightServer(Home(Path("/x")), "0.0.0.0", 3000).address == "http://127.0.0.1:3000"
    assert NightServer(Home(Path("/x")), "::", 80).address == "http://[::1]:80"


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
