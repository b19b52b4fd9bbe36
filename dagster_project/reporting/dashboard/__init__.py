"""A dashboard that comes with the warehouse: one page for the browser, of static files, which asks no network for anything.

It is opened from a folder as well as from a server. Its figures are the marts', digit for digit, in a script a mart and force.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import duckdb

from dagster_project.core.files import unfinished
from dagster_project.core.home import DBT_PROJECT

from ..pack.write import OutError, swap
from .data import index, of_mart

HERE = Path(__file__).parent
STYLE = HERE.parent / "pack" / "templates" / "style.css"
OWN = ("index.html", "dashboard.js", "charts.js")
VEGA = "vega.js"
MADE = DBT_PROJECT / "target"


def write(
    con: duckdb.DuckDBPyConnection, folder: Path, is_sample: bool = False, beside: Sequence[tuple[str, str]] = ()
) -> None:
    """Write the dashboard of the night that `con` reads into `folder`, to be opened by `index.html`.

    `is_sample`: the data are made up, and the page says so. `beside`: addresses of what is published with it, and what they
    are. The same night gives the same bytes. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = index(con, is_sample)
    for force in known["forces"]:
        (folder / "data" / force["code"]).mkdir(parents=True, exist_ok=True)
        for mart in force["marts"]:
            _script(folder / "data" / force["code"] / f"{mart}.js", "pamFigures", f"{force['code']}/{mart}",
                    of_mart(con, force["code"], mart))  # fmt: skip
    _script(folder / "data" / "index.js", "pamIndex", "", known | {"beside": beside})
    for name in OWN:
        (folder / name).write_bytes((HERE / name).read_bytes())
    style = STYLE.read_text(encoding="utf-8") + (HERE / "dashboard.css").read_text(encoding="utf-8")
    (folder / "dashboard.css").write_text(style, encoding="utf-8", newline="\n")
    (folder / VEGA).write_bytes(_vega())


def write_whole_folder(
    con: duckdb.DuckDBPyConnection, out: Path, is_sample: bool, *, overwrite: bool = False
) -> None:
    """Write the dashboard to `out`, whole or not at all; an earlier one there is replaced.

    Raises OutError where `out` holds other things and `overwrite` does not say that they may go, and OSError.
    """
    if out.exists() and not out.is_dir():
        raise OutError(f"{out} is a file; --out names a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / OWN[1]).exists() and not overwrite:
        raise OutError(f"{out} holds other things than a dashboard; name another folder, or replace all of it with --replace")
    new = unfinished(out)
    shutil.rmtree(new, ignore_errors=True)
    try:
        write(con, new, is_sample)
        swap(new, out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _script(path: Path, name: str, key: str, value: object) -> None:
    """Data as a script: a browser reads no other file beside a page that was opened from a folder."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    held = f"(globalThis.{name} ??= {{}})[{json.dumps(key)}]" if key else f"globalThis.{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{held} = {text};\n", encoding="utf-8", newline="\n")


def _vega() -> bytes:
    """Vega-Lite, Vega and what draws with them, from the installed wheel: one script that needs no other.

    Putting it together takes seconds, so that it is kept beside dbt's manifest, where the checkout can be written.
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
