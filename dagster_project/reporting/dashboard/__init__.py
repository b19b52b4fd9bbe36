"""The dashboard: one page for the browser, made of static files, that needs no network.

It can be opened from a folder or a server. A script for each mart and force has the exact figures of the mart, and is loaded
when they are needed; a small script for each force has what the first page shows.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.files import write_for_all
from dagster_project.core.home import DBT_PROJECT, Home
from dagster_project.core.reuse_outputs import ReusedFiles

from ..pack.web_pages import write_text
from .choices_and_names import accepted_files, read_contents
from .mart_figures import hash_marts, pack_mart, pack_overview, read_charts
from .population_and_outlines import read_outlines

HERE = Path(__file__).parent
STYLE = HERE.parent / "pack" / "templates" / "style.css"
PAGE_FILES = (
    "index.html", "dashboard.js", "figures.js", "chart_specs.js", "charts.js", "evidence.js", "measure.js", "compare.js",
    "overview.js",
)  # fmt: skip
MARK = PAGE_FILES[1]
"""A file that marks a folder as a dashboard."""
VEGA = "vega.js"
CACHE = DBT_PROJECT / "target"
MAX_LISTED = 20_000
"""Changed figures of a mart and force that the dashboard lists at most: more would make the page slow. `pam diff` lists all."""


@dataclass(frozen=True)
class Changes:
    """Figures that differ from those of the night before.

    `before`: the id of that night; blank if none is kept. By mart and force: `counts` has how many figures changed, how many
    of those were complete before, how many are new and how many are gone. `rows` has, for each figure: measure, category, area
    type and code, kind of period, its first and last day, value and status (a letter) before, and c for changed, n for new or
    g for gone. `periods` has periods that the mart did not have before (kind, first and last day), whose figures are not in
    `rows`. A mart with more than `MAX_LISTED` changes is only in `counts`.
    """

    before: str = ""
    counts: dict[tuple[str, str], tuple[int, int, int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str], list[list[Any]]] = field(default_factory=dict)
    periods: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)


NOT_KNOWN = Changes()


def write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    home: Home,
    links: Sequence[tuple[str, str]] = (),
    changes: Changes = NOT_KNOWN,
    reused: ReusedFiles | None = None,
) -> None:
    """Write the dashboard of the night of a home that `con` reads into `folder`; `index.html` opens it.

    `links`: addresses of what is published with it, and descriptions. `changes`: figures that changed since the night before.
    `reused`: files of the last publication that may be reused. The same night, changes and lists of the home give the same
    bytes. Raises OSError and HomeListError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reused, outlines = reused or ReusedFiles(), read_outlines(home)
    contents = read_contents(con, home, outlines)
    hashes = hash_marts(con, {m for f in contents["forces"] for m in f["marts"]})
    for force, marts in ((f["code"], f["marts"]) for f in contents["forces"]):
        scripts = folder / "data" / force
        # Read once, and only if a mart is written.
        charts = cache(partial(read_charts, con, force))
        figures = {
            mart: _write_mart(con, reused, scripts / f"{mart}.js", force, mart, hashes[force, mart], charts) for mart in marts
        }
        for mart in figures:
            if 0 < sum(changes.counts.get((mart, force), ())) <= MAX_LISTED:
                listed = {"rows": changes.rows.get((mart, force), []), "periods": changes.periods.get((mart, force), [])}
                _write_script(scripts / "moved" / f"{mart}.js", "pamMoved", f"{force}/moved/{mart}", listed)
        _write_script(scripts / "overview.js", "pamOverview", f"{force}/overview", pack_overview(figures, force))
        if force in outlines:
            _write_script(scripts / "outlines.js", "pamOutlines", f"{force}/outlines", outlines[force])
        _write_script(scripts / "files.js", "pamFiles", f"{force}/files", accepted_files(con, force))
    counts: dict[str, dict[str, tuple[int, int, int, int]]] = {}
    for (mart, force), own_counts in changes.counts.items():
        counts.setdefault(force, {})[mart] = own_counts
    changed_figures = {"before": changes.before, "most": MAX_LISTED, "counts": counts}
    _write_script(folder / "data" / "index.js", "pamIndex", "", contents | {"beside": links, "moved": changed_figures})
    for name in PAGE_FILES:
        (folder / name).write_bytes((HERE / name).read_bytes())
    style = STYLE.read_text(encoding="utf-8") + (HERE / "dashboard.css").read_text(encoding="utf-8")
    write_text(folder / "dashboard.css", style)
    # In a scope of its own, as its short names would otherwise be global.
    reused.reuse_or_make(
        folder / VEGA, version("vl-convert-python"), lambda path: path.write_bytes(b"(() => {\n" + _vega() + b"\n})();\n")
    )


def _write_mart(
    con: duckdb.DuckDBPyConnection,
    reused: ReusedFiles,
    path: Path,
    force: str,
    mart: str,
    content_hash: str,
    charts: Callable[[], dict[str, list[tuple[Any, ...]]]],
) -> dict[str, Any]:
    """Reuse or write the script of a mart's figures. Returns the figures."""
    figures: dict[str, Any] = {}

    def make(new: Path) -> None:
        figures.update(pack_mart(con, force, mart, charts().get(mart, [])))
        _write_script(new, "pamFigures", f"{force}/{mart}", figures)

    if reused.reuse_or_make(path, content_hash, make):
        figures.update(json.loads(path.read_text(encoding="utf-8").partition(" = ")[2].removesuffix(";\n")))
    return figures


def _write_script(path: Path, name: str, key: str, value: object) -> None:
    """Write data as a script: a page opened from a folder can load no other kind of file. What JSON does not have is a text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    variable = f"(globalThis.{name} ??= {{}})[{json.dumps(key)}]" if key else f"globalThis.{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, f"{variable} = {text};\n")


def _vega() -> bytes:
    """Vega, Vega-Lite and vega-embed from the installed wheel, as one script.

    Bundling takes seconds, so the script is cached with dbt's manifest if the checkout can be written.
    """
    from vl_convert import javascript_bundle

    path = CACHE / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError):
        return path.read_bytes()
    data = javascript_bundle().encode("utf-8")  # pyrefly: ignore[missing-argument]  # the default snippet exports the libraries
    with suppress(OSError):
        write_for_all(path, data)
    return data
