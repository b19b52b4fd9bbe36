"""Processes that work while this one does something else.

Some libraries take seconds to load, so a worker process loads them and makes calls, one after another. It ends when this
process ends, even if this one is killed. If the worker was never started, this process makes the calls itself.
"""

import importlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from .errors import PamError
from .home import PROJECT, be_private, be_quiet
from .import_speed import collect_garbage_less, skip_unused_imports

T = TypeVar("T")
Progress = Callable[..., None]
ENDING_SECONDS = 2
"""How long a process that has closed its pipe may take to end."""


class WorkerEndedError(PamError, RuntimeError):
    """The worker ended before it answered. What it did may be half done."""

    is_transient = True


class WorkerProcess:
    """Call `load` early with the modules that calls need; then `submit` calls, or wait for each with `call`."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the worker begins; None: where this process is."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._thread = ThreadPoolExecutor(1)

    def load(self, *modules: str) -> None:
        """Load these modules in the worker, and call the `preload` of those that have one. Starts the worker."""
        if self._process is None:
            self._start()
        for name in modules:
            # Should it fail, the call that needs the module says why.
            self._submit(_load, (name,), is_repeatable=False)

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Start a call of a module's function. The future raises what the function raises.

        If the worker ends meanwhile, this process makes the call again.
        """
        return self._submit(call, args)

    def call(
        self, call: Callable[..., T], *args: Any, progress: Progress | None = None, seconds: float | None = None
    ) -> T:  # fmt: skip
        """Make a call of a module's function, and wait for it, up to `seconds`. Raises what the function raises,
        WorkerEndedError and TimeoutError. If there is no worker, or it has ended, the call is made in this process, and
        `seconds` is no limit.

        `progress`: given to the function by this name; what it is called with there, it is called with in this process.
        """
        if self._process is None:
            return call(*args, **_named(progress))
        return self._submit(call, args, progress, is_repeatable=False).result(seconds)

    def stop(self) -> None:
        """Stop the worker, whatever it is doing, and drop the calls that have not started."""
        thread, self._thread = self._thread, ThreadPoolExecutor(1)
        thread.shutdown(wait=False, cancel_futures=True)
        self._kill()

    def _start(self) -> None:
        self._pipe, child_end = Pipe()
        with child_end, suppress(OSError):
            code = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {__name__} import main; main()"
            path = json.dumps([str(PROJECT), *sys.path])
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", code, path, str(child_end.fileno())],
                cwd=self._folder,
                pass_fds=[child_end.fileno()],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                # Ctrl-C goes to this process alone, which ends the worker.
                start_new_session=True,
            )  # fmt: skip

    def _submit(
        self, call: Callable[..., T], args: tuple[Any, ...], progress: Progress | None = None, is_repeatable: bool = True
    ) -> Future[T]:
        return self._thread.submit(self._call, self._thread, call, args, progress, is_repeatable)

    def _call(
        self, thread: ThreadPoolExecutor, call: Callable[..., T], args: tuple[Any, ...], progress: Progress | None,
        is_repeatable: bool,
    ) -> T:  # fmt: skip
        if self._process and self._pipe:
            try:
                self._pipe.send((call, args, progress is not None))
                kind, answer = self._pipe.recv()
                while kind == "progress" and progress:
                    progress(*answer)
                    kind, answer = self._pipe.recv()
            except Exception as error:
                # The worker has ended, or the call or its answer can't be pickled.
                how = self._how_it_ended(error)
                if thread is self._thread:
                    self._kill()
                if not is_repeatable:
                    raise WorkerEndedError(f"the process that ran {call.__name__} ended early: {how}") from error
            else:
                if kind == "error":
                    raise answer
                return answer
        if thread is not self._thread or not is_repeatable:
            # After `stop` nobody waits for the answer.
            raise WorkerEndedError(f"the process that was to run {call.__name__} has ended")
        return call(*args, **_named(progress))

    def _how_it_ended(self, error: Exception) -> str:
        process = self._process
        if process and isinstance(error, EOFError | OSError):
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(ENDING_SECONDS)
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                return f"{how}; if memory ran out, have the night use less with `[night] memory` of pam.toml"
        return repr(error)

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            # The pipe to it may be broken already.
            with suppress(OSError):
                process.communicate()
        if self._pipe:
            self._pipe.close()
            self._pipe = None


def call_now(call: Callable[..., T], *args: Any) -> Future[T]:
    """Make a call in this process, as `WorkerProcess.submit` makes it in the worker."""
    future = Future[T]()
    future.set_result(call(*args))
    return future


WORKER = WorkerProcess()
"""Runs the gate, and writes the workbook and the document."""

BUILDER = WorkerProcess(PROJECT)
"""Runs dbt, which looks for a project where it is: this process may be in a folder that its user can't read."""


def main() -> None:
    """Run the worker: make the calls that arrive, until the other end is closed."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    be_private()
    be_quiet()
    skip_unused_imports(worker=True)
    collect_garbage_less()
    with Connection(int(sys.argv[2])) as pipe, suppress(EOFError):
        while True:
            call, args, has_progress = pipe.recv()
            try:
                answer = "answer", call(*args, **_named(_progress_over(pipe) if has_progress else None))
            except Exception as error:
                answer = "error", _picklable(error)
            pipe.send(answer)


def _load(name: str) -> None:
    module = importlib.import_module(name)
    if hasattr(module, "preload"):
        module.preload()


def _picklable(error: Exception) -> Exception:
    """The error, or one with its words if it can't be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  (of this process)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _named(progress: Progress | None) -> dict[str, Progress]:
    return {"progress": progress} if progress else {}


def _progress_over(pipe: Connection) -> Progress:
    lock = threading.Lock()

    def progress(*values: Any) -> None:
        # Threads of the call may use it at the same time.
        with lock:
            pipe.send(("progress", values))

    return progress


def _exit_with_parent() -> None:
    """Exit at once when the parent's end is closed, so that no files stay open."""
    sys.stdin.buffer.read()
    os._exit(1)
