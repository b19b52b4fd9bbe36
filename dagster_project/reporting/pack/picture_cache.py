"""Charts as pictures: Vega-Lite, drawn by vl-convert in processes of its own. Nothing is fetched, and no font is shipped.

Pictures are cached under the hash of everything that they depend on, so a night draws only charts that have changed. A chart
that can't be drawn is left out, and the pages say so.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

from dagster_project.core.files import write_whole

from .chart_specs import NARROW, WIDE, ChartSizes, spec
from .model import Chart
from .picture_processes import Job, draw

CACHE_DAYS = 30
"""A picture that no pack has used for this long is deleted."""
CACHE_WRITERS = 8
"""Pictures written to the cache at the same time: each waits for the disk."""
PNG_SCALE = 2
RENDERER = version("vl-convert-python")
NOT_DRAWN = "This chart could not be drawn. Its figures are in the table."
"""What is shown in place of such a chart."""


def draw_svgs(charts: Iterable[Chart], cache_folder: Path | None = None) -> dict[str, tuple[str, str]]:
    """Draw charts for a wide window and for a telephone, by chart id. A chart that can't be drawn is left out."""
    pictures = _draw(charts, cache_folder, ("svg", WIDE), ("svg", NARROW))
    return {
        name: (wide.decode("utf-8"), pictures.get((name, form, NARROW), wide).decode("utf-8"))
        for (name, form, look), wide in pictures.items() if look is WIDE
    }  # fmt: skip


def draw_pngs(charts: Iterable[Chart], cache_folder: Path | None = None) -> dict[str, bytes]:
    """Draw charts as PNGs of twice the size in pixels, by chart id. A chart that can't be drawn is left out."""
    return {name: data for (name, *_), data in _draw(charts, cache_folder, ("png", WIDE)).items()}


def fill_cache(charts: Iterable[Chart], cache_folder: Path) -> None:
    """Draw in one go everything that pages and document show: a process takes most of a second to start."""
    _draw(charts, cache_folder, ("png", WIDE), ("svg", NARROW))


def _draw(
    charts: Iterable[Chart], folder: Path | None, *wanted: tuple[str, ChartSizes]
) -> dict[tuple[str, str, ChartSizes], bytes]:
    """Pictures by chart id, format and look, from the cache in `folder` or drawn now."""
    specs = {
        (c.chart_id, form, look): json.dumps(spec(c, look), sort_keys=True, default=str)
        for c in charts if not c.unavailable for form, look in wanted
    }  # fmt: skip
    pictures = {key: data for key, text in specs.items() if (data := _read_cached(text, key[1], folder)) is not None}
    jobs = {key: Job(text, PNG_SCALE if key[1] == "png" else None) for key, text in specs.items() if key not in pictures}
    drawn = zip(jobs, draw(list(jobs.values())), strict=True)
    new = [(key, form, data) for key, c in drawn for form, data in (("svg", c.svg), ("png", c.png)) if data is not None]
    pictures |= {key: data for key, form, data in new if form == key[1]}
    if folder:
        files = {_cache_path(specs[key], form, folder): data for key, form, data in new}
        with ThreadPoolExecutor(CACHE_WRITERS) as pool:
            list(pool.map(partial(write_whole, many_writers=True), files, files.values()))
        if folder.is_dir():
            _delete_unused(folder)
    return {key: pictures[key] for key in specs if key in pictures}


def _cache_path(text: str, form: str, folder: Path) -> Path:
    return folder / f"{hashlib.sha256(f'{RENDERER} {PNG_SCALE} {text}'.encode()).hexdigest()}.{form}"


def _read_cached(text: str, form: str, folder: Path | None) -> bytes | None:
    if folder:
        path = _cache_path(text, form, folder)
        with suppress(FileNotFoundError):
            data = path.read_bytes()
            path.touch()
            return data
    return None


def _delete_unused(folder: Path) -> None:
    oldest = time.time() - CACHE_DAYS * 86_400
    for path in folder.iterdir():
        # The process that makes the document may delete the same file.
        with suppress(FileNotFoundError):
            if path.suffix in (".svg", ".png", ".new") and path.stat().st_mtime < oldest:
                path.unlink()
