"""Charts as pictures: Vega-Lite, drawn by vl-convert in this process. Nothing is fetched, and no font is brought along.

A picture is kept under the hash of all that it is made of, so that a night draws anew only what has changed.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

from dagster_project.core.files import make_folder, write_whole

from .chart_specs import spec
from .model import Chart

KEPT_DAYS = 30
"""A picture that no pack has used for so long is taken from the cache."""
PNG_SCALE = 2


def svgs(charts: Iterable[Chart], kept: Path | None = None) -> dict[str, str]:
    """Each chart that can be drawn, as an SVG document, by its id. `kept`: a folder in which pictures are kept."""
    return {name: data.decode("utf-8") for name, data in _drawn(charts, "svg", kept).items()}


def pngs(charts: Iterable[Chart], kept: Path | None = None) -> dict[str, bytes]:
    """Each chart that can be drawn, as a PNG of twice the size in pixels, by its id."""
    return _drawn(charts, "png", kept)


def _drawn(charts: Iterable[Chart], form: str, kept: Path | None) -> dict[str, bytes]:
    found = {}
    for chart in charts:
        if chart.unavailable:
            continue
        text = json.dumps(spec(chart), sort_keys=True, default=str)
        found[chart.chart_id] = _once(text, form, kept)
    if kept and kept.is_dir():
        _tidy(kept)
    return found


def _once(text: str, form: str, kept: Path | None) -> bytes:
    """The picture of a spec: the kept one, or a new one."""
    if kept is None:
        return _draw(text, form, kept)
    from vl_convert import __version__

    path = kept / f"{hashlib.sha256(f'{__version__} {PNG_SCALE} {text}'.encode()).hexdigest()}.{form}"
    try:
        data = path.read_bytes()
        path.touch()
    except FileNotFoundError:
        data = _draw(text, form, kept)
        make_folder(kept)
        write_whole(path, data)
    return data


def _draw(text: str, form: str, kept: Path | None) -> bytes:
    # Importing it takes a moment that a pack whose pictures are all kept need not pay.
    import vl_convert

    if form == "png":
        # Of the SVG, which the pages show: its layout is what takes long, and the PNG is the same to the byte.
        return vl_convert.svg_to_png(_once(text, "svg", kept).decode("utf-8"), scale=PNG_SCALE)
    return vl_convert.vegalite_to_svg(text, allowed_base_urls=[]).encode("utf-8")


def _tidy(kept: Path) -> None:
    before = time.time() - KEPT_DAYS * 86_400
    for path in kept.iterdir():
        if path.suffix in (".svg", ".png") and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
