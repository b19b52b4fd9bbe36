"""Draws charts in separate processes: a chart that crashes its process costs only that chart.

A process starts when there is something to draw. If it dies, or takes too long over a chart, another one draws the rest.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from . import draw_charts_process

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


class _Process:
    """A process that draws. It starts at the first request."""

    def __init__(self) -> None:
        self._running: tuple[subprocess.Popen[bytes], Connection] | None = None

    def draw(self, job: Job) -> Drawing | None:
        """Draw a chart. None if the process died, or took too long; the next call then starts another process."""
        if self._running is None:
            requests, theirs = Pipe()
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", draw_charts_process.__file__, str(theirs.fileno()), json.dumps(sys.path)],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
            self._running = process, requests
        _, requests = self._running
        with suppress(EOFError, OSError):
            requests.send(astuple(job))
            if requests.poll(SECONDS):
                return Drawing(requests.recv_bytes() or None, requests.recv_bytes() or None)
        self.close()
        return None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._running is not None:
            process, requests = self._running
            process.kill()
            requests.close()
            process.wait()
            self._running = None


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
                if drawing := process.draw(jobs[n]):
                    drawings[n] = drawing
                else:
                    failed.append(n)
        finally:
            process.close()

    processes = max(1, min(len(jobs) // CHARTS_PER_PROCESS, os.cpu_count() or 1, MOST_PROCESSES))
    with ThreadPoolExecutor(processes) as pool:
        for thread in [pool.submit(draw_some) for _ in range(processes)]:
            thread.result()
    return drawings
