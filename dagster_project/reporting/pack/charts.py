"""Charts as pictures: Vega-Lite, drawn by vl-convert in a process of its own. Nothing is fetched, and no font is brought along.

A picture is kept under the hash of all that it is made of, so that a night draws anew only what has changed. A chart that
can't be drawn is left out: the pages say so.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from dagster_project.core.files import make_folder, write_whole

from .chart_specs import NARROW, WIDE, Look, spec
from .drawing import Job, draw
from .model import Chart

KEPT_DAYS = 30
"""A picture that no pack has used for so long is taken from the cache."""
KEPT_AT_ONCE = 8
"""Pictures that are written at one time."""
PNG_SCALE = 2
NOT_DRAWN = "This chart could not be drawn. Its figures are in the table."
"""What stands in a chart's place."""


def svgs_of_pages(charts: Iterable[Chart], kept: Path | None = None) -> dict[str, tuple[str, str]]:
    """Each chart that can be drawn, by its id: for a wide window, and for a telephone's."""
    found = _drawn(charts, kept, ("svg", WIDE), ("svg", NARROW))
    return {
        name: (wide.decode("utf-8"), found.get((name, form, NARROW), wide).decode("utf-8"))
        for (name, form, look), wide in found.items() if look is WIDE
    }  # fmt: skip


def pngs(charts: Iterable[Chart], kept: Path | None = None) -> dict[str, bytes]:
    """Each chart that can be drawn, as a PNG of twice the size in pixels, by its id."""
    return {name: data for (name, *_), data in _drawn(charts, kept, ("png", WIDE)).items()}


def keep_pictures(charts: Iterable[Chart], kept: Path) -> None:
    """Draw at once all that pages and document show, where it is not kept: a process takes most of a second to start."""
    _drawn(charts, kept, ("png", WIDE), ("svg", NARROW))


def _drawn(charts: Iterable[Chart], kept: Path | None, *wanted: tuple[str, Look]) -> dict[tuple[str, str, Look], bytes]:
    """Pictures by chart, form and look."""
    texts = {
        (c.chart_id, form, look): json.dumps(spec(c, look), sort_keys=True, default=str)
        for c in charts if not c.unavailable for form, look in wanted
    }  # fmt: skip
    found = {key: data for key, text in texts.items() if (data := _read(text, key[1], kept)) is not None}
    jobs = {key: _job(text, key[1], kept) for key, text in texts.items() if key not in found}
    drawn = zip(jobs, draw(list(jobs.values())), strict=True)
    new = [(key, form, data) for key, one in drawn for form, data in (("svg", one.svg), ("png", one.png)) if data is not None]
    found |= {key: data for key, form, data in new if form == key[1]}
    if kept:
        # Each waits for the disk.
        with ThreadPoolExecutor(KEPT_AT_ONCE) as pool:
            list(pool.map(lambda one: _keep(texts[one[0]], one[1], kept, one[2]), new))
        if kept.is_dir():
            _tidy(kept)
    return {key: found[key] for key in texts if key in found}


def _job(text: str, form: str, kept: Path | None) -> Job:
    """A PNG is made of the SVG, which the pages show: its layout is what takes long, and the PNG is the same to the byte."""
    if form == "svg":
        return Job(text)
    svg = _read(text, "svg", kept)
    return Job(text, svg.decode("utf-8") if svg else None, PNG_SCALE)


@cache
def _renderer() -> str:
    """The renderer's version, without loading it."""
    return version("vl-convert-python")


def _place(text: str, form: str, kept: Path) -> Path:
    made_of = f"{_renderer()} {PNG_SCALE} {text}"
    return kept / f"{hashlib.sha256(made_of.encode()).hexdigest()}.{form}"


def _read(text: str, form: str, kept: Path | None) -> bytes | None:
    """The kept picture of a spec; None where there is none."""
    if kept is None:
        return None
    path = _place(text, form, kept)
    try:
        data = path.read_bytes()
        path.touch()
    except FileNotFoundError:
        return None
    return data


def _keep(text: str, form: str, kept: Path, data: bytes) -> None:
    make_folder(kept)
    write_whole(_place(text, form, kept), data, many_writers=True)


def _tidy(kept: Path) -> None:
    before = time.time() - KEPT_DAYS * 86_400
    for path in kept.iterdir():
        # The process that makes the document tidies at the same time.
        with suppress(FileNotFoundError):
            if path.suffix in (".svg", ".png", ".new") and path.stat().st_mtime < before:
                path.unlink()
