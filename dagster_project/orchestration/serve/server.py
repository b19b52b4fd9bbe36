"""The processes of `pam serve`: started in order, started again when one ends, and ended without leaving one behind.

Three run for as long as it does: the code server, which holds the definitions and starts the nights' own processes; the
page; and the daemon, which heeds the schedule, the sensors and the queue. All belong to the home's owner, and the code
server listens on a socket in the home.
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
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from dagster_project.core.errors import PamError
from dagster_project.core.files import write_whole
from dagster_project.core.home import PROJECT, QUIET, Home, be_private
from dagster_project.core.permissions import refuse_open
from dagster_project.nights.stopped_schedules import stopped

from .instance import LOCATION, write_settings
from .token import address_file, page_prefix, page_token, token_file

LOOK = 0.5
"""Seconds between looks at the processes."""

READY_SECONDS = 180
CALM = 600
"""Seconds after which a process that ends is thought to have been well."""

LONGEST_PAUSE = 60
END_SECONDS = {"page": 5.0, "daemon": 20.0, "code server": 20.0}
RUNS_SECONDS = 150
TIDY_EVERY = 24 * 3600
BIN = Path(sys.executable).parent


class PortInUseError(PamError, OSError):
    """The page can't have its address."""


class UnguardedPageError(PamError, ValueError):
    """The page would be open to other machines, and nothing before it asks who comes."""


class ServedAlreadyError(PamError, RuntimeError):
    """Another `pam serve` has this home."""


@dataclass
class Process:
    """One of the processes, and how often it had to be started."""

    name: str
    command: list[str]
    popen: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    failures: int = 0
    due: float = field(default=0)
    """When it is to be started, on the monotonic clock."""

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self.popen is not None and self.popen.poll() is None

    def start(self, environment: dict[str, str]) -> None:
        """Start it as the head of a group, so that all it starts can be ended with it."""
        self.popen = subprocess.Popen(
            self.command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=_end_with_parent,
        )  # fmt: skip
        self.started = time.monotonic()

    def pause(self) -> float:
        """It has ended: seconds until it is to be started again, twice as many each time."""
        now = time.monotonic()
        self.failures = 1 if now - self.started > CALM else self.failures + 1
        seconds = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1))
        self.due = now + seconds
        return seconds

    def signal_group(self, number: int) -> None:
        """Signal it and all it started, also where it has ended itself."""
        if self.popen:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, number)

    def end(self, seconds: float) -> None:
        """Ask it to end, and make it after so many seconds; what it started ends with it."""
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.signal_group(signal.SIGKILL)
        self.popen.wait()


def _end_with_parent() -> None:
    """In a new process: ask the kernel (Linux) to end it when `pam serve` is killed."""
    with contextlib.suppress(OSError, AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


class NightServer:
    """`pam serve` of one home. `host` and `port`: where the page is."""

    def __init__(
        self, home: Home, host: str, port: int, say: Callable[[str], None] | None = None, proxy: str | None = None
    ) -> None:
        self.home, self.host, self.port, self.proxy = home, host, port, proxy
        self.say = say or _print_line
        self.stopping: str | None = None
        self.environment: dict[str, str] = {}
        self.tidied = time.monotonic()
        self.token = ""

    @property
    def address(self) -> str:
        """The page's address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  (not bound, but asked for)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def opening_address(self) -> str:
        """What a person opens: with the token, or that of the proxy."""
        return self.proxy or f"{self.address}{page_prefix(self.token)}/?token={self.token}"

    def refuse_unguarded(self) -> None:
        """Raise UnguardedPageError for a page that other machines could reach, with nothing before it that asks who comes."""
        if not _is_loopback(self.host) and not self.proxy:
            raise UnguardedPageError(
                f"the page knows no persons and has no TLS, so that it is not for the network ({self.host}:{self.port}): leave"
                " it on 127.0.0.1, or put a proxy before it that asks who comes, let that one alone reach the port, and name"
                " it as `proxy` under [serve] of pam.toml"
            )

    def run(self) -> int:
        """Serve until a signal says otherwise. Returns the exit code.

        Raises UnguardedPageError, OpenHomeError, ServedAlreadyError, PortInUseError, and RuntimeError where
        the code can't be loaded.
        """
        self.refuse_unguarded()
        refuse_open(self.home)
        be_private()
        self.home.create()
        with self._alone(), self._heeding_signals():
            self._look_at_port()
            code_socket = write_settings(self.home)
            self.token = page_token(self.home)
            write_whole(address_file(self.home), f"{self.opening_address}\n".encode())
            processes = self._processes(code_socket)
            try:
                self._start(processes, code_socket)
                while not self.stopping:
                    self._look_after(processes, code_socket)
                    time.sleep(LOOK)
            finally:
                self._stop(processes)
        return 0

    def _processes(self, code_socket: Path) -> dict[str, Process]:
        dagster = self.home.dagster
        self.environment = {**os.environ, **QUIET, "PAM_HOME": str(self.home.path), "DAGSTER_HOME": str(dagster)}
        workspace = ["-w", str(dagster / "workspace.yaml")]
        page = ["--host", self.host, "--port", str(self.port), *(["--proxy", self.proxy] if self.proxy else [])]
        quiet = ["--log-level", "warning"]
        code = [sys.executable, "-m", "dagster", "api", "grpc", "--socket", str(code_socket), *quiet]
        made = [
            Process("code server", [*code, "-m", "dagster_project.definitions", "--location-name", LOCATION]),
            Process("daemon", [str(BIN / "dagster-daemon"), "run", *workspace, *quiet]),
            Process("page", [sys.executable, "-m", "dagster_project.orchestration.serve.page", *page]),
        ]
        return {p.name: p for p in made}

    def _start(self, processes: dict[str, Process], code_socket: Path) -> None:
        self._runs("left")
        self._start_code(processes["code server"], code_socket)
        if self.stopping:
            return
        for name in ("daemon", "page"):
            processes[name].start(self.environment)
        if self._wait_for(self._answers, processes["page"]):
            self.say(f"the page is at {self._address_to_say()}")
            off = stopped(self.home)
            for line in off:
                self.say(f"WARNING: {line}")
            if not off:
                self.say("nights run at 02:00 in London, and when a complete set of files has come")
        elif not self.stopping:
            self.say(f"the page does not answer at {self.address} yet")

    def _start_code(self, code: Process, code_socket: Path) -> None:
        code_socket.unlink(missing_ok=True)
        code.start(self.environment)
        if not self._wait_for(lambda: _listens(code_socket), code) and not self.stopping:
            raise RuntimeError("the code server does not come up; its own words are above")

    def _wait_for(self, ready: Callable[[], bool], process: Process) -> bool:
        until = time.monotonic() + READY_SECONDS
        while not self.stopping and process.is_up and time.monotonic() < until:
            if ready():
                return True
            time.sleep(LOOK)
        return False

    def _look_after(self, processes: dict[str, Process], code_socket: Path) -> None:
        """Start again what has ended, once its pause is over."""
        now = time.monotonic()
        for p in processes.values():
            if p.is_up:
                continue
            if p.popen is not None:
                # The night's own process goes with the code server that watched it.
                p.signal_group(signal.SIGKILL)
                code, p.popen = p.popen.returncode, None
                self.say(f"the {p.name} ended ({_ended(code)}); it is started again in {p.pause():.0f} s")
                if p.name == "code server":
                    self._runs("left")
            elif now >= p.due:
                if p.name == "code server":
                    code_socket.unlink(missing_ok=True)
                try:
                    p.start(self.environment)
                except OSError as error:
                    # No memory or no process left, for now.
                    self.say(f"the {p.name} can't be started ({error}); it is tried again in {p.pause():.0f} s")
        if now - self.tidied > TIDY_EVERY:
            self.tidied = now
            self._runs("tidy")

    def _stop(self, processes: dict[str, Process]) -> None:
        """End all, the night that is under way first of all. Whatever is still there then is killed."""
        self.say(f"ending{f' ({self.stopping})' if self.stopping else ''}")
        for name in ("daemon", "page"):
            running = processes[name].popen
            if running is not None and running.poll() is None:
                running.terminate()
        if processes["code server"].is_up:
            self._runs("stop")
        for name, process in processes.items():
            process.end(END_SECONDS[name])
        self._runs("left")
        self.say("ended")

    def _runs(self, action: str) -> None:
        """Have `runs` do something; what it says is passed on."""
        command = [sys.executable, "-m", "dagster_project.orchestration.serve.runs", action]
        try:
            # A session of its own: Ctrl-C at the terminal must not reach it.
            done = subprocess.run(
                command, cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=RUNS_SECONDS, start_new_session=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            self.say(f"Dagster's runs could not be seen to ({action}): no answer within {RUNS_SECONDS} s")
            return
        for line in done.stdout.splitlines():
            self.say(line)
        if done.returncode:
            last = done.stderr.strip().splitlines()
            self.say(f"Dagster's runs could not be seen to ({action}): {last[-1] if last else done.returncode}")

    def _address_to_say(self) -> str:
        """The address; the token only where a person reads it, as more people read a system's log than may open the page."""
        if self.proxy:
            return f"{self.proxy}, which must bring the token that is in {token_file(self.home)}"
        if sys.stdout.isatty():
            return self.opening_address
        return f"{self.address}; the address to open, with its token, is in {address_file(self.home)}"

    def _answers(self) -> bool:
        where = self.address + ("" if self.proxy else page_prefix(self.token))
        asked = urllib.request.Request(f"{where}/server_info", headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310  (our own page)
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def _look_at_port(self) -> None:
        """Raise PortInUseError where the page could not have its address."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            with socket.socket(found[0], found[1]) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(found[4])
        except OSError as error:
            raise PortInUseError(
                f"the page can't be at {self.host}:{self.port}: {error.strerror}; give another with --port or --host,"
                " or under [serve] of pam.toml"
            ) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.home.dagster.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(self.home.dagster / ".serve.lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ServedAlreadyError(f"another `pam serve` has {self.home.path}") from None
            yield

    @contextlib.contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        def heed(number: int, _: FrameType | None) -> None:
            self.stopping = signal.Signals(number).name

        before = {n: signal.signal(n, heed) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _print_line(line: str) -> None:
    """Say something where it can be said: a full disk under the log, or a terminal that is gone, ends no server."""
    with contextlib.suppress(OSError):
        print(f"pam serve: {line}", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listens(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.connect(str(path))
    except OSError:
        return False
    return True


def _ended(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
