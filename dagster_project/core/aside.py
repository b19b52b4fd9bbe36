"""A process of our own that does work while this one does other work: what takes long in Python, one thing at a time in any
process, and libraries that take long to load.

It hands back results and changes nothing itself. Where it ends, or was never started, the work is done here.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from .home import PROJECT, be_private
from .import_speed import collect_less

T = TypeVar("T")


class Aside:
    """Does one thing after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._thread = ThreadPoolExecutor(1)

    def get_ready(self, *modules: str) -> None:
        """Start the process, which then loads these modules."""
        if self._process is None:
            self._pipe, other = Pipe()
            with other:
                start = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {__name__} import main; main()"
                path = json.dumps([str(PROJECT), *sys.path])
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", start, path, str(other.fileno()), *modules],
                    pass_fds=[other.fileno()],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip

    def begin(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Begin a call of a module's function. What that raises, the result raises."""
        return self._thread.submit(self._ask, call, *args)

    def _ask(self, call: Callable[..., T], *args: Any) -> T:
        if self._pipe:
            try:
                self._pipe.send((call, args))
                is_done, answer = self._pipe.recv()
            except (OSError, EOFError):
                if self._process is None:
                    # It was ended, and nobody waits for this.
                    raise
                self._end()
            else:
                if is_done:
                    return answer  # type: ignore[no-any-return]  # a pipe knows no types
                raise answer
        return call(*args)

    def close(self) -> None:
        """End the process, whatever it is doing, and forget what is still to be done."""
        thread, self._thread = self._thread, ThreadPoolExecutor(1)
        thread.shutdown(wait=False, cancel_futures=True)
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process and self._pipe:
            process.kill()
            process.wait()
            self._pipe.close()
            self._pipe = None


ASIDE = Aside()
"""That of this process."""


def main() -> None:
    """Do what is asked until nobody asks any more, as when the process that asks was killed."""
    be_private()
    collect_less()
    for name in sys.argv[3:]:
        importlib.import_module(name)
    with Connection(int(sys.argv[2])) as pipe, suppress(EOFError):
        while True:
            call, args = pipe.recv()
            try:
                answer = True, call(*args)
            except Exception as error:
                answer = False, error
            pipe.send(answer)
