"""Draws charts in separate processes: a chart that crashes its process costs only that chart.

A process starts when there is something to draw. If it dies, or takes too long over a chart, another one draws the rest.
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
"""How long one chart may take. The slowest of the sample takes a quarter of a second."""
MOST_FAILURES = 5
"""After this many dead processes the rest is not drawn: starting one takes about a second, and a night has a hundred charts."""
CHARTS_PER_PROCESS = 6
"""Charts that make another process worth its start, which takes most of a second."""
MOST_PROCESSES = 4


@dataclass(frozen=True)
class Job:
    """A chart to draw. `svg`: its SVG, if only the PNG is to be drawn. `scale`: the PNG's; None for no PNG."""

    spec: str
    svg: str | None = None
    scale: int | None = None


@dataclass(frozen=True)
class Drawing:
    """The pictures of a chart; None for one that could not be drawn."""

    svg: bytes | None = None
    png: bytes | None = None


class _ProcessDiedError(RuntimeError):
    """The process died, or took too long."""


class _Process:
    """A process that draws. It starts at the first request."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def draw(self, job: Job) -> Drawing:
        """Draw a chart. Raises _ProcessDiedError; the next call then starts another process."""
        if self._running is None:
            self._running = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(draw_process.__file__)), json.dumps(sys.path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            )  # fmt: skip
        try:
            return self._request(self._running, job)
        except (_ProcessDiedError, OSError) as error:
            self.close()
            raise _ProcessDiedError(str(error)) from error

    def _request(self, running: subprocess.Popen[bytes], job: Job) -> Drawing:
        request: dict[str, Any] = {"spec": job.spec, "svg": job.svg, "scale": job.scale}
        # A request is one line: `json` escapes line separators.
        _write(running, json.dumps(request).encode("ascii") + b"\n")
        deadline = time.monotonic() + SECONDS
        sizes = SIZES.unpack(_read(running, SIZES.size, deadline))
        svg, png = (None if n < 0 else _read(running, n, deadline) for n in sizes)
        return Drawing(svg, png)

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


def _read(running: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert running.stdout is not None
    parts = []
    while size:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([running.stdout], [], [], left)[0]:
            raise _ProcessDiedError(f"took longer than {SECONDS:.0f} s")
        part = os.read(running.stdout.fileno(), min(size, 1 << 20))
        if not part:
            raise _ProcessDiedError("its process ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def draw(jobs: Sequence[Job]) -> list[Drawing]:
    """Draw charts. Returns a drawing for each, in their order; a chart that can't be drawn raises nothing."""
    if not jobs:
        return []
    drawings = [Drawing()] * len(jobs)
    waiting = iter(range(len(jobs)))
    failed: list[int] = []

    def draw_some() -> None:
        process = _Process()
        try:
            for n in waiting:
                if len(failed) >= MOST_FAILURES:
                    return
                try:
                    drawings[n] = process.draw(jobs[n])
                except _ProcessDiedError:
                    failed.append(n)
        finally:
            process.close()

    processes = max(1, min(len(jobs) // CHARTS_PER_PROCESS, os.cpu_count() or 1, MOST_PROCESSES))
    with ThreadPoolExecutor(processes) as pool:
        for thread in [pool.submit(draw_some) for _ in range(processes)]:
            thread.result()
    return drawings
