"""Draws charts in separate processes: a chart that crashes its process costs only that chart.

If a process dies, or takes too long over a chart, another one draws the rest.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dagster_project.core.worker_process import WorkerEndedError, WorkerProcess

from ..draw_chart import draw_chart

SECONDS = 60.0
"""How long one chart may take. The slowest of the sample takes a quarter of a second."""
MAX_FAILURES = 5
"""After this many dead processes the rest is not drawn: starting one takes about a second, and a night has a hundred charts."""
CHARTS_PER_PROCESS = 6
"""Charts that make another process worth its start, which takes most of a second."""
MAX_PROCESSES = 4


class Job(NamedTuple):
    """A chart to draw. `scale`: that of its PNG; None for no PNG."""

    spec: str
    scale: int | None = None


class Drawing(NamedTuple):
    """The pictures of a chart; None for one that could not be drawn."""

    svg: bytes | None = None
    png: bytes | None = None


def draw(jobs: Sequence[Job]) -> list[Drawing]:
    """Draw charts. Returns a drawing for each, in their order; a chart that can't be drawn raises nothing."""
    drawings = [Drawing()] * len(jobs)
    waiting = iter(range(len(jobs)))
    failed: list[int] = []

    def draw_some() -> None:
        process = WorkerProcess()
        try:
            for chart in waiting:
                if len(failed) >= MAX_FAILURES:
                    break
                process.load(draw_chart.__module__)
                try:
                    drawings[chart] = Drawing(*process.call(draw_chart, *jobs[chart], seconds=SECONDS))
                except (WorkerEndedError, TimeoutError):
                    failed.append(chart)
                    process.stop()
        finally:
            process.stop()

    processes = max(1, min(len(jobs) // CHARTS_PER_PROCESS, os.cpu_count() or 1, MAX_PROCESSES))
    with ThreadPoolExecutor(processes) as pool:
        for thread in [pool.submit(draw_some) for _ in range(processes)]:
            thread.result()
    return drawings
