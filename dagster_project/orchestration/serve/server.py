"""Runs the processes of `pam serve`: starts them in order, restarts any that ends, and ends them all.

There are three: the code server, which loads the definitions and starts a process for each night; the page; and the daemon,
which runs the schedule, the sensors and the queue. All run as the home's owner, and the code server's socket is
in the home.
"""

import contextlib
import ctypes
import fcntl
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dagster_project.core.errors import PamError
from dagster_project.core.files import write_whole
from dagster_project.core.home import PROJECT, QUIET, Home, be_private
from dagster_project.core.permissions import refuse_open
from dagster_project.nights.stopped_schedules import stopped_schedules

from .instance import LOCATION, delete_socket, write_settings
from .token import address_file, page_prefix, page_token, token_file

POLL_SECONDS = 0.5
"""Seconds between two checks of the processes."""

READY_SECONDS = 180
STABLE_SECONDS = 600
"""A process that ran for so many seconds was well: its next failure counts as the first."""

LONGEST_PAUSE = 60
"""The most seconds between the end of a process and its next start."""

END_SECONDS = {"page": 5.0, "daemon": 20.0, "code server": 20.0}
"""How long each process may take to end before it is killed."""

RUNS_SECONDS = 150
"""How long an action of `runs` may take. Ending a night takes longest."""

TIDY_AFTER, TIDY_EVERY = 600, 24 * 3600
"""Seconds from the start until old runs are deleted, and from then on: a server that is started each day deletes them, too."""


class ServeError(PamError, RuntimeError):
    """`pam serve` can't start: the page would be open to other machines or can't have its address, another one is running in
    this home, or the code can't be loaded."""


@dataclass
class Process:
    """One of the processes, and how often it has failed in a row."""

    name: str
    command: list[str]
    popen: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    failures: int = 0
    restart_at: float = 0
    """When to start it again, on the monotonic clock."""

    @property
    def is_up(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def start(self, environment: dict[str, str]) -> None:
        """Start it as the leader of a process group, so that all it starts can be ended with it."""
        self.popen = subprocess.Popen(
            self.command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=_end_with_parent,
        )  # fmt: skip
        self.started = time.monotonic()

    def pause(self) -> float:
        """After it ended: decide when to start it again. Returns the seconds until then, which double each time."""
        now = time.monotonic()
        self.failures = 1 if now - self.started > STABLE_SECONDS else self.failures + 1
        seconds = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1))
        self.restart_at = now + seconds
        return seconds

    def kill_group(self) -> None:
        """Kill it and all that it started, also if it has ended itself."""
        if self.popen:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)

    def end(self, seconds: float) -> None:
        """Ask it to end, and kill it after `seconds`, with all that it started."""
        if self.popen is None:
            return
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill_group()
        self.popen.wait()


def _end_with_parent() -> None:
    """In a new process: have the kernel (Linux) end it when `pam serve` is killed."""
    with contextlib.suppress(OSError, AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


class NightServer:
    """`pam serve` of one home. `host`, `port`: where the page listens. `proxy`: the address of the proxy before it, if any."""

    def __init__(self, home: Home, host: str, port: int, proxy: str | None = None) -> None:
        self.home, self.host, self.port, self.proxy = home, host, port, proxy
        self.stopping: str | None = None
        self.environment: dict[str, str] = {}
        self.tidy_at = time.monotonic() + TIDY_AFTER
        self.token = ""

    @property
    def address(self) -> str:
        """The page's address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  (not bound, but asked for)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def opening_address(self) -> str:
        """The address that a person opens: with the token, or the proxy's."""
        return self.proxy or f"{self.address}{page_prefix(self.token)}/?token={self.token}"

    def refuse_unguarded(self) -> None:
        """Raise ServeError for a page that other machines could reach without a proxy."""
        if not _is_loopback(self.host) and not self.proxy:
            raise ServeError(
                f"the page has no log-in and no TLS, so it must not be open to the network ({self.host}:{self.port}): leave it"
                " on 127.0.0.1, or put a proxy with a log-in before it, let only that proxy reach the port, and name it as"
                " `proxy` under [serve] of pam.toml"
            )

    def run(self) -> int:
        """Serve until a signal. Returns the exit code. Raises ServeError and OpenHomeError."""
        self.refuse_unguarded()
        refuse_open(self.home)
        be_private()
        self.home.create()
        with self._serve_lock(), self._stopping_on_signals():
            self._check_port()
            code_socket = write_settings(self.home)
            self.token = page_token(self.home)
            write_whole(address_file(self.home), f"{self.opening_address}\n".encode())
            processes = self._processes(code_socket)
            try:
                self._start(processes, code_socket)
                while not self.stopping:
                    self._restart_ended(processes, code_socket)
                    time.sleep(POLL_SECONDS)
            finally:
                self._stop(processes)
                delete_socket(code_socket, self.home)
        return 0

    def _processes(self, code_socket: Path) -> dict[str, Process]:
        dagster = self.home.dagster
        self.environment = {**os.environ, **QUIET, "PAM_HOME": str(self.home.path), "DAGSTER_HOME": str(dagster)}
        workspace = ["-w", str(dagster / "workspace.yaml")]
        page = ["--host", self.host, "--port", str(self.port), *(["--proxy", self.proxy] if self.proxy else [])]
        quiet = ["--log-level", "warning"]
        code = [sys.executable, "-m", "dagster", "api", "grpc", "--socket", str(code_socket), *quiet]
        processes = [
            Process("code server", [*code, "-m", "dagster_project.definitions", "--location-name", LOCATION]),
            Process("daemon", [sys.executable, "-m", "dagster._daemon", "run", *workspace, *quiet]),
            Process("page", [sys.executable, "-m", "dagster_project.orchestration.serve.page", *page]),
        ]
        return {p.name: p for p in processes}

    def _start(self, processes: dict[str, Process], code_socket: Path) -> None:
        # One after the other: the first makes Dagster's databases, and two that made one at once could leave it unreadable.
        self._change_runs("mark-unfinished")
        self._start_code(processes["code server"], code_socket)
        if self.stopping:
            return
        for name in ("daemon", "page"):
            processes[name].start(self.environment)
        if self._wait_for(self._page_answers, processes["page"]):
            _print_line(f"the page is at {self._address_to_print()}")
            stopped = stopped_schedules(self.home)
            for line in stopped:
                _print_line(f"WARNING: {line}")
            if not stopped:
                _print_line("nights run at 02:00 in London, and when a complete set of files has come")
        elif not self.stopping:
            _print_line(f"the page does not answer at {self.address} yet")

    def _start_code(self, code: Process, code_socket: Path) -> None:
        code_socket.unlink(missing_ok=True)
        code.start(self.environment)
        if not self._wait_for(lambda: _listens(code_socket), code) and not self.stopping:
            raise ServeError("the code server did not start; its own messages are above")

    def _wait_for(self, is_ready: Callable[[], bool], process: Process) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping and process.is_up and time.monotonic() < deadline:
            if is_ready():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _restart_ended(self, processes: dict[str, Process], code_socket: Path) -> None:
        """Restart processes that have ended, once their pause is over."""
        now = time.monotonic()
        for p in processes.values():
            if p.is_up:
                continue
            if p.popen is not None:
                # A night's process must end with the code server that monitored it.
                p.kill_group()
                code, p.popen = p.popen.returncode, None
                how = f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
                _print_line(f"the {p.name} ended ({how}); it is started again in {p.pause():.0f} s")
                if p.name == "code server":
                    self._change_runs("mark-unfinished")
            elif now >= p.restart_at:
                if p.name == "code server":
                    code_socket.unlink(missing_ok=True)
                try:
                    p.start(self.environment)
                except OSError as error:
                    # There is no memory, or no process can be started, for now.
                    _print_line(f"the {p.name} can't be started ({error}); it is tried again in {p.pause():.0f} s")
        if now >= self.tidy_at:
            self.tidy_at = now + TIDY_EVERY
            self._change_runs("delete-old")

    def _stop(self, processes: dict[str, Process]) -> None:
        """End all processes, beginning with the night that is under way. Kill any that remain."""
        _print_line(f"ending{f' ({self.stopping})' if self.stopping else ''}")
        for name in ("daemon", "page"):
            if running := processes[name].popen:
                running.terminate()
        if processes["code server"].is_up:
            self._change_runs("stop")
        for name, process in processes.items():
            process.end(END_SECONDS[name])
        self._change_runs("mark-unfinished")
        _print_line("ended")

    def _change_runs(self, action: str) -> None:
        """Have `runs` do one of its actions in a process of its own, and print its lines."""
        command = [sys.executable, "-m", "dagster_project.orchestration.serve.runs", action]
        try:
            # In a new session, which Ctrl-C at the terminal does not reach.
            result = subprocess.run(
                command, cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=RUNS_SECONDS, start_new_session=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            _print_line(f"Dagster's runs could not be changed ({action}): no answer within {RUNS_SECONDS} s")
            return
        for line in result.stdout.splitlines():
            _print_line(line)
        if result.returncode:
            errors = result.stderr.strip().splitlines()
            _print_line(f"Dagster's runs could not be changed ({action}): {errors[-1] if errors else result.returncode}")

    def _address_to_print(self) -> str:
        """The page's address. Its token only on a terminal, because more people read a system's log than may open the page."""
        if self.proxy:
            return f"{self.proxy}, which must bring the token that is in {token_file(self.home)}"
        if sys.stdout.isatty():
            return self.opening_address
        return f"{self.address}; the address to open, with its token, is in {address_file(self.home)}"

    def _page_answers(self) -> bool:
        url = self.address + ("" if self.proxy else page_prefix(self.token)) + "/server_info"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310  (our own page)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  (our own page)
                return bool(response.status == 200)
        except OSError:
            return False

    def _check_port(self) -> None:
        """Raise ServeError if the page can't have its address."""
        try:
            family, kind, *_, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
        except OSError as error:
            raise ServeError(
                f"the page can't be at {self.host}:{self.port}: {error.strerror}; give another with --port or --host,"
                " or under [serve] of pam.toml"
            ) from error

    @contextlib.contextmanager
    def _serve_lock(self) -> Generator[None]:
        self.home.dagster.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(self.home.dagster / ".serve.lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ServeError(f"another `pam serve` has {self.home.path}") from None
            yield

    @contextlib.contextmanager
    def _stopping_on_signals(self) -> Generator[None]:
        def stop(number: int, _: FrameType | None) -> None:
            self.stopping = signal.Signals(number).name

        before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _print_line(line: str) -> None:
    """Print a line. A full disk under the log, or a closed terminal, must not end the server."""
    with contextlib.suppress(OSError):
        print(f"pam serve: {line}", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listens(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    except OSError:
        return False
    return True
