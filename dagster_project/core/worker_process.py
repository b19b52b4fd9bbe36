"""A second process that works while this one does something else.

Some libraries take seconds to load, so a worker process loads them and makes calls, one after another. It ends when this
process ends, even if this one is killed. If the worker ends early, or was never started, this process makes the calls itself.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from .home import PROJECT, be_private, be_quiet
from .import_speed import collect_garbage_less, skip_unused_imports

T = TypeVar("T")


class WorkerProcess:
    """Call `load` early with the modules that calls need; then `submit` the calls."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._thread = ThreadPoolExecutor(1)

    def load(self, *modules: str) -> None:
        """Load these modules in the worker, and start it if it has not been started."""
        if self._process is None:
            self._start()
        for name in modules:
            self.submit(_load, name)

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Start a call of a module's function. The future raises what the function raises."""
        return self._thread.submit(self._call, call, *args)

    def stop(self) -> None:
        """Stop the worker, whatever it is doing, and drop the calls that have not started."""
        thread, self._thread = self._thread, ThreadPoolExecutor(1)
        thread.shutdown(wait=False, cancel_futures=True)
        self._kill()

    def _start(self) -> None:
        self._pipe, other = Pipe()
        with other, suppress(OSError):
            code = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {__name__} import main; main()"
            path = json.dumps([str(PROJECT), *sys.path])
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", code, path, str(other.fileno())],
                pass_fds=[other.fileno()],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                # Ctrl-C goes to this process alone, which ends the worker.
                start_new_session=True,
            )  # fmt: skip

    def _call(self, call: Callable[..., T], *args: Any) -> T:
        if self._process and self._pipe:
            try:
                self._pipe.send((call, args))
                is_done, answer = self._pipe.recv()
            except Exception:
                # The worker has ended, or the call or its answer can't be pickled.
                if self._process is None:
                    # `stop` was called: nobody waits for this result.
                    raise
                self._kill()
            else:
                if is_done:
                    return answer  # type: ignore[no-any-return]  # a pipe knows no types
                raise answer
        return call(*args)

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


WORKER = WorkerProcess()
"""The worker of this process."""


def main() -> None:
    """Run the worker: make the calls that arrive, until the other end is closed."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    be_private()
    be_quiet()
    skip_unused_imports()
    collect_garbage_less()
    with Connection(int(sys.argv[2])) as pipe, suppress(EOFError):
        while True:
            call, args = pipe.recv()
            try:
                answer = True, call(*args)
            except Exception as error:
                answer = False, error
            pipe.send(answer)


def _load(module: str) -> None:
    importlib.import_module(module)


def _exit_with_parent() -> None:
    """Exit at once when the parent's end is closed, so that no files stay open."""
    sys.stdin.buffer.read()
    os._exit(1)
