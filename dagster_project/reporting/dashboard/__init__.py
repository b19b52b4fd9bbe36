"""The dashboard: one page for the browser, made of static files, which needs no network.

It is opened from a folder as well as from a server. Its figures are the marts', digit for digit, in a script for each mart and
force that is read when it is needed; what the first page shows of a force is in one small script.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.files import temporary_path
from dagster_project.core.home import DBT_PROJECT
from dagster_project.core.reused_files import ReusedFiles

from ..pack.write import OutError, swap
from .changes import MOST_LISTED, NOT_KNOWN, Changes
from .contents import contents, files_of
from .data import contents_of_marts, of_mart, of_overview
from .home_lists import NO_LISTS, HomeLists

HERE = Path(__file__).parent
STYLE = HERE.parent / "pack" / "templates" / "style.css"
OWN = (
    "index.html", "dashboard.js", "figures.js", "specs.js", "charts.js", "evidence.js", "measure.js", "compare.js",
    "overview.js",
)  # fmt: skip
VEGA = "vega.js"
MADE = DBT_PROJECT / "target"


def write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    is_sample: bool = False,
    beside: Sequence[tuple[str, str]] = (),
    lists: HomeLists = NO_LISTS,
    moved: Changes = NOT_KNOWN,
    reused: ReusedFiles | None = None,
) -> None:
    """Write the dashboard of the night that `con` reads into `folder`, to be opened by `index.html`.

    `is_sample`: the data are made up, and the page says so. `beside`: addresses of what is published with it, and what they
    are. `lists`: what the home says of its areas. `moved`: figures that changed since the night before. `reused`: files of the
    last publication. The same night, lists and changes give the same bytes. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reused = reused or ReusedFiles()
    known = contents(con, is_sample, lists)
    made_of = contents_of_marts(con, {m for f in known["forces"] for m in f["marts"]})
    for force, marts in ((f["code"], f["marts"]) for f in known["forces"]):
        own = folder / "data" / force
        figures = {mart: _mart(con, reused, own / f"{mart}.js", force, mart, made_of[force, mart]) for mart in marts}
        for mart in figures:
            if 0 < sum(moved.counts.get((mart, force), ())) <= MOST_LISTED:
                changes = {"rows": moved.rows.get((mart, force), []), "periods": moved.periods.get((mart, force), [])}
                _script(own / "moved" / f"{mart}.js", "pamMoved", f"{force}/moved/{mart}", changes)
        _script(own / "overview.js", "pamOverview", f"{force}/overview", of_overview(figures, force))
        if force in lists.outlines:
            _script(own / "outlines.js", "pamOutlines", f"{force}/outlines", lists.outlines[force])
        _script(own / "files.js", "pamFiles", f"{force}/files", files_of(con, force))
    _script(folder / "data" / "index.js", "pamIndex", "", known | {"beside": beside, "moved": _moved(moved)})
    for name in OWN:
        (folder / name).write_bytes((HERE / name).read_bytes())
    style = STYLE.read_text(encoding="utf-8") + (HERE / "dashboard.css").read_text(encoding="utf-8")
    (folder / "dashboard.css").write_text(style, encoding="utf-8", newline="\n")
    # In a scope of its own: its short names would be those of every script of the page.
    (folder / VEGA).write_bytes(b"(() => {\n" + _vega() + b"\n})();\n")


def write_whole_folder(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    is_sample: bool,
    *,
    lists: HomeLists = NO_LISTS,
    moved: Changes = NOT_KNOWN,
    overwrite: bool = False,
) -> None:
    """Write the dashboard to `out`, whole or not at all; an earlier one there is replaced.

    Raises OutError where `out` holds other things and `overwrite` does not say that they may go, and OSError.
    """
    if out.exists() and not out.is_dir():
        raise OutError(f"{out} is a file; --out names a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / OWN[1]).exists() and not overwrite:
        raise OutError(f"{out} holds other things than a dashboard; name another folder, or replace all of it with --replace")
    new = temporary_path(out)
    shutil.rmtree(new, ignore_errors=True)
    try:
        write(con, new, is_sample, lists=lists, moved=moved)
        swap(new, out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _mart(
    con: duckdb.DuckDBPyConnection, reused: ReusedFiles, path: Path, force: str, mart: str, made_of: str
) -> dict[str, Any]:
    """Reuse or write the script of a mart's figures, and return them."""
    figures: dict[str, Any] = {}

    def make(new: Path) -> None:
        figures.update(of_mart(con, force, mart))
        _script(new, "pamFigures", f"{force}/{mart}", figures)

    if reused.reuse_or_make(path, made_of, make):
        figures.update(json.loads(path.read_text(encoding="utf-8").partition(" = ")[2].removesuffix(";\n")))
    return figures


def _moved(moved: Changes) -> dict[str, Any]:
    """How many figures changed, by force and mart: changed, of those complete before, new, gone."""
    counts: dict[str, dict[str, tuple[int, int, int, int]]] = {}
    for (mart, force), found in moved.counts.items():
        counts.setdefault(force, {})[mart] = found
    return {"before": moved.before, "most": MOST_LISTED, "counts": counts}


def _script(path: Path, name: str, key: str, value: object) -> None:
    """Data as a script: a browser reads no other file beside a page that was opened from a folder."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    variable = f"(globalThis.{name} ??= {{}})[{json.dumps(key)}]" if key else f"globalThis.{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{variable} = {text};\n", encoding="utf-8", newline="\n")


def _vega() -> bytes:
    """Vega-Lite, Vega and what draws with them, from the installed wheel: one script that needs no other.

    Putting it together takes seconds, so it is kept beside dbt's manifest if the checkout can be written.
    """
    from vl_convert import javascript_bundle

    path = MADE / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError):
        return path.read_bytes()
    data = javascript_bundle().encode("utf-8")  # type: ignore[call-arg]  # without a snippet it gives the libraries
    with suppress(OSError):
        MADE.mkdir(exist_ok=True)
        # Two processes may come here at once: each writes a file of its own.
        with tempfile.NamedTemporaryFile(dir=MADE, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)
    return data
