"""Draws charts in separate processes: if a chart crashes its process, only that chart is lost.

A process is started when there is something to draw. Where it dies, or takes too long over one chart, another takes its place
for the charts that are left.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import draw_process
from .draw_process import SIZES

SECONDS = 60.0
"""For how long one chart may be drawn. The slowest of the sample takes a quarter of a second."""
LOST = 5
"""After so many lost processes the rest is not drawn: starting one takes about a second, and a night has a hundred charts."""
WORTH_ONE = 6
"""Charts for which another process is worth its start: each takes most of a second before it can draw."""
AT_ONCE = 4
"""Processes at the most."""


@dataclass(frozen=True)
class Job:
    """A chart to draw. `svg`: where it was drawn before, and only the PNG is wanted. `scale`: the PNG's; None for no PNG."""

    spec: str
    svg: str | None = None
    scale: int | None = None


@dataclass(frozen=True)
class Drawn:
    """What came of it; None where it could not be drawn."""

    svg: bytes | None = None
    png: bytes | None = None


class _LostError(RuntimeError):
    """The process died, or took too long."""


class _Process:
    """One process that draws, and is started when it is first needed."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def draw(self, job: Job) -> Drawn:
        """Raises _LostError; the next call then starts another process."""
        if self._running is None:
            self._running = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(draw_process.__file__)), json.dumps(sys.path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            )  # fmt: skip
        try:
            return self._answered(self._running, job)
        except (_LostError, OSError) as error:
            self.close()
            raise _LostError(str(error)) from error

    def _answered(self, running: subprocess.Popen[bytes], job: Job) -> Drawn:
        request: dict[str, Any] = {"spec": job.spec, "svg": job.svg, "scale": job.scale}
        # `json` writes line separators escaped: a request is a line.
        _write(running, json.dumps(request).encode("ascii") + b"\n")
        until = time.monotonic() + SECONDS
        sizes = SIZES.unpack(_read(running, SIZES.size, until))
        svg, png = (None if n < 0 else _read(running, n, until) for n in sizes)
        return Drawn(svg, png)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._running is not None:
            with contextlib.suppress(OSError):
                self._running.kill()
            for pipe in (self._running.stdin, self._running.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()
            self._running.wait()
            self._running = None


def _write(running: subprocess.Popen[bytes], data: bytes) -> None:
    assert running.stdin is not None
    while data:
        data = data[running.stdin.write(data) :]


def _read(running: subprocess.Popen[bytes], size: int, until: float) -> bytes:
    assert running.stdout is not None
    parts = []
    while size:
        left = until - time.monotonic()
        if left <= 0 or not select.select([running.stdout], [], [], left)[0]:
            raise _LostError(f"took longer than {SECONDS:.0f} s")
        part = os.read(running.stdout.fileno(), min(size, 1 << 20))
        if not part:
            raise _LostError("its process ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def draw(jobs: Sequence[Job]) -> list[Drawn]:
    """Draw charts. Returns what came of each, in their order. Raises nothing for a chart that can't be drawn."""
    if not jobs:
        return []
    found = [Drawn()] * len(jobs)
    waiting = iter(range(len(jobs)))
    lost: list[int] = []

    def work() -> None:
        process = _Process()
        try:
            for n in waiting:
                if len(lost) >= LOST:
                    return
                try:
                    found[n] = process.draw(jobs[n])
                except _LostError:
                    lost.append(n)
        finally:
            process.close()

    several = max(1, min(len(jobs) // WORTH_ONE, os.cpu_count() or 1, AT_ONCE))
    with ThreadPoolExecutor(several) as pool:
        for done in [pool.submit(work) for _ in range(several)]:
            done.result()
    return found
