"""Writes a pack to disk in every form, beside its folder, and swaps it in when it is complete."""

import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.files import temporary_path
from dagster_project.core.home import Home
from dagster_project.core.worker_process import WORKER
from dagster_project.editions import Edition, read_editions

from .charts import keep_pictures
from .content import read_pack
from .document_form import DocumentForm, document_form
from .figure_trails import Trails, read_trails, work_of
from .model import Pack
from .tables_csv import METADATA, write_csvs
from .web_pages import write_html
from .wording import slug

FORMS = {"html": "pages for a browser", "csv": "tables as CSV, with metadata", "xlsx": "a workbook", "docx": "a document"}
"""The forms of a pack."""
NOTE = "pack.json"
"""The file that says that a folder holds a pack, and which."""


class OutError(PamError, ValueError):
    """The folder can't be written as a pack: it holds other things."""


def write_pack(
    con: duckdb.DuckDBPyConnection,
    edition: Edition,
    out: Path,
    forms: Sequence[str] = tuple(FORMS),
    *,
    home: Home | None = None,
    is_sample: bool = False,
    overwrite: bool = False,
    public: bool = False,
    said: Callable[[str], None] = lambda _: None,
    tables_only: bool = False,
) -> Pack:
    """Write an edition into the folder `out`, whole or not at all. Returns what was written.

    `con` reads the night's file. `home`: where the night's rows are counted for the trails, and where pictures of charts are
    kept. An earlier pack at `out` is replaced; a folder of other things only where `overwrite` says so. Raises OutError,
    NoEditionError, NoPublicFormError, ValueError for an unknown form or template, OSError. `public`: in the public form,
    without trails. `tables_only`: of a document.
    """
    if unknown := [f for f in forms if f not in FORMS]:
        raise ValueError(f"{', '.join(unknown)}: no form of a pack; there are {', '.join(FORMS)}")
    refuse_others(out, overwrite)
    pack = read_pack(con, edition, is_sample, public)
    new = temporary_path(out)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        trails = _trails(con, pack, home) if home and "html" in forms and not public else None
        fill(pack, new, forms, trails, home, said, tables_only=tables_only)()
        swap(new, out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return pack


def fill(
    pack: Pack,
    folder: Path,
    forms: Sequence[str],
    trails: Trails | None,
    home: Home | None = None,
    said: Callable[[str], None] = lambda _: None,
    beside: Sequence[tuple[str, str]] = (),
    tables_only: bool = False,
) -> Callable[[], list[str]]:
    """Write a pack's forms into an empty folder. `beside`: addresses of what is published with it, and what they are.
    `tables_only`: a document without charts and places to write in.

    Returns what is to be called in the end: it waits for workbook and document, and returns the ids of charts that could not
    be drawn.
    """
    lost: set[str] = set()
    downloads: list[tuple[str, str]] = []
    kept = home.pictures if home else None
    name = f"{slug(pack.title)}-{pack.edition}{'-public' if pack.rule else ''}"
    begun: dict[str, Future[tuple[bytes, set[str]]]] = {}
    if "xlsx" in forms:
        begun["xlsx"] = WORKER.submit(_workbook, pack)
    if kept and {"html", "docx"} <= set(forms):
        keep_pictures(pack.charts, kept)
    if "docx" in forms:
        begun["docx"] = WORKER.submit(_document, pack, kept, document_form(home, tables_only))
    downloads += [(f"{name}.{form}", f"The report as {FORMS[form]} (.{form})") for form in begun]
    if "csv" in forms:
        files = write_csvs(pack, folder / "csv")
        downloads += [(f"csv/{METADATA}", f"What the {len(files) - 1} CSV files hold (CSV on the Web metadata)")]
        said(f"csv: {len(files) - 1} files in csv/")
    if "html" in forms:
        lost |= write_html(pack, folder, trails, downloads, kept, beside)
        said(f"html: index.html and {sum(1 for _ in folder.rglob('*.html')) - 1} more pages, {len(pack.charts)} charts")
    note = {
        "edition": pack.edition, "title": pack.title, "force_code": pack.force_code, "night_id": pack.night_id,
        "is_sample": pack.is_sample, "figures": pack.rule or "exact", "forms": [f for f in FORMS if f in forms],
    }  # fmt: skip
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")

    def finish() -> list[str]:
        for form, future in begun.items():
            data, undrawn = future.result()
            (folder / f"{name}.{form}").write_bytes(data)
            said(f"{form}: {name}.{form}")
            lost.update(undrawn)
        if lost:
            said(f"not drawn: {', '.join(sorted(lost))}")
        return sorted(lost)

    return finish


def _workbook(pack: Pack) -> tuple[bytes, set[str]]:
    from .workbook import write_xlsx  # pandas: only for who wants a workbook

    file = io.BytesIO()
    write_xlsx(pack, file)
    return file.getvalue(), set()


def _document(pack: Pack, kept: Path | None, form: DocumentForm) -> tuple[bytes, set[str]]:
    from .word_document import write_docx

    file = io.BytesIO()
    lost = write_docx(pack, file, kept, form)
    return file.getvalue(), lost


def write_editions(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    home: Home,
    is_sample: bool,
    beside: Sequence[tuple[str, str]] = (),
    public: bool = False,
) -> Callable[[], list[str]]:
    """Write every edition that the night prints into a folder of its own below `folder`. Returns what is to be called in the
    end: it waits for workbooks and documents, and returns the charts that could not be drawn, as `edition/chart`.

    `con` reads the night's file, published or not yet. An edition of a force that the night has no file of is left out: all
    that it could say is that nothing is available. The same file gives the same bytes: no rows are counted for the trails.
    `beside`: what is published with them, by its address from an edition's folder. `public`: in the public form.
    """
    rows = con.execute("select distinct edition from reports.tables order by edition").fetchall()
    forces = {r[0] for r in con.execute("select force_code from meta.extracts where files_accepted > 0").fetchall()}
    known = read_editions(home).sound
    begun: dict[str, Callable[[], list[str]]] = {}
    for edition in (known[name] for (name,) in rows if name in known and known[name].force_code in forces):
        pack = read_pack(con, edition, is_sample, public)
        own = folder / edition.edition
        own.mkdir(parents=True)
        begun[edition.edition] = fill(pack, own, tuple(FORMS), None, home, beside=beside)
    return lambda: [f"{name}/{chart}" for name, finish in begun.items() for chart in finish()]


def _trails(con: duckdb.DuckDBPyConnection, pack: Pack, home: Home) -> Trails | None:
    with work_of(home, pack.night_id) as work:
        return read_trails(con, work, pack.edition) if work else None


def refuse_others(out: Path, overwrite: bool) -> None:
    """Raise OutError where `out` is no folder, or holds what is no pack."""
    if out.exists() and not out.is_dir():
        raise OutError(f"{out} is a file; --out names a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / NOTE).exists() and not overwrite:
        raise OutError(f"{out} holds other things than a report; name another folder, or replace all of it with --replace")


def swap(new: Path, out: Path) -> None:
    """Give a finished folder its name, in the place of what is there. Raises OSError; what was there then stays."""
    if not out.exists():
        os.rename(new, out)
        return
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    os.rename(out, old)
    try:
        os.rename(new, out)
    except OSError:
        os.rename(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)
