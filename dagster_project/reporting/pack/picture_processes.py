"""Draws charts in separate processes: a chart that crashes its process costs only that chart.

A process starts when there is something to draw. If it dies, or takes too long over a chart, another one draws the rest. It
runs this file, and imports nothing of PAM Warehouse, so that it starts fast.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple

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
        chart = next(waiting, None)
        while chart is not None and len(failed) < MAX_FAILURES:
            with _process() as requests:
                while chart is not None and (drawing := _ask(requests, jobs[chart])):
                    drawings[chart] = drawing
                    chart = next(waiting, None)
            if chart is not None:
                failed.append(chart)
                chart = next(waiting, None)

    processes = max(1, min(len(jobs) // CHARTS_PER_PROCESS, os.cpu_count() or 1, MAX_PROCESSES))
    with ThreadPoolExecutor(processes) as pool:
        for thread in [pool.submit(draw_some) for _ in range(processes)]:
            thread.result()
    return drawings


@contextmanager
def _process() -> Generator[Connection]:
    """The requests of a process that draws. After the block it is ended, whatever it is doing."""
    requests, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(theirs.fileno()), json.dumps(sys.path)],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield requests
    finally:
        process.kill()
        requests.close()
        process.wait()


def _ask(requests: Connection, job: Job) -> Drawing | None:
    """Have a chart drawn. None if the process died, or took too long."""
    with suppress(EOFError, OSError):
        requests.send(tuple(job))
        if requests.poll(SECONDS):
            return Drawing(requests.recv_bytes() or None, requests.recv_bytes() or None)
    return None


def _draw(spec: str, scale: int | None) -> tuple[bytes | None, bytes | None]:
    import vl_convert

    svg = png = None
    try:
        # A PNG is made from the SVG: the layout takes most of the time.
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        if scale:
            png = vl_convert.svg_to_png(svg, scale=scale)
    except Exception as error:
        print(error, file=sys.stderr)
    return svg.encode("utf-8") if svg else None, png


def _answer(requests: Connection) -> None:
    """Answer the requests of the other process, as long as there are any."""
    # A core dump would contain the figures.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(EOFError):
        while True:
            for picture in _draw(*requests.recv()):
                requests.send_bytes(picture or b"")


if __name__ == "__main__":
    sys.path += json.loads(sys.argv[2])
    _answer(Connection(int(sys.argv[1])))
