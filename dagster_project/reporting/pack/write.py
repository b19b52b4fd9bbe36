"""Writes a pack to disk in every format, into a hidden folder that takes its name when it is complete."""

import io
import json
import os
import shutil
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.files import temporary_path
from dagster_project.core.home import Home
from dagster_project.core.worker_process import WORKER
from dagster_project.editions import Edition, forces_with_files, read_editions

from .content import read_pack
from .document_settings import DocumentSettings, document_settings
from .figure_trails import Trails, open_work, read_trails
from .model import Pack
from .picture_cache import fill_cache
from .tables_csv import METADATA, write_csvs
from .web_pages import write_html
from .wording import slug

FORMS = {"html": "pages for a browser", "csv": "tables as CSV, with metadata", "xlsx": "a workbook", "docx": "a document"}
"""The formats of a pack."""
NOTE = "pack.json"
"""The file that marks a folder as a pack, and says which."""


class TargetFolderError(PamError, ValueError):
    """The target folder can't be written: it holds other things."""


def write_pack(
    con: duckdb.DuckDBPyConnection,
    edition: Edition,
    out: Path,
    forms: Sequence[str] = tuple(FORMS),
    *,
    home: Home | None = None,
    is_made_up: bool = False,
    overwrite: bool = False,
    public: bool = False,
    print_line: Callable[[str], None] = lambda _: None,
    tables_only: bool = False,
) -> Pack:
    """Write an edition into the folder `out`, whole or not at all, and return it.

    Args:
        con: reads the night's file.
        home: where the night's rows are counted for the trails, and pictures of charts are cached.
        overwrite: replace the folder even if it holds something other than a pack.
        public: write the public form, without trails.
        tables_only: leave charts and places to write in out of the document.

    Raises TargetFolderError, NoEditionError, NoPublicFormError, ValueError for an unknown format or a missing template,
    OSError.
    """
    if unknown := [f for f in forms if f not in FORMS]:
        raise ValueError(f"{', '.join(unknown)}: no form of a pack; there are {', '.join(FORMS)}")
    pack = read_pack(con, edition, is_made_up, public)
    with whole_folder(out, overwrite) as new:
        trails = None
        if home and "html" in forms and not public:
            with open_work(home, pack.night_id) as work:
                trails = read_trails(con, work, pack.edition) if work else None
        _write_forms(pack, new, forms, trails, home, print_line, tables_only=tables_only)()
    return pack


def _write_forms(
    pack: Pack,
    folder: Path,
    forms: Sequence[str],
    trails: Trails | None,
    home: Home | None = None,
    print_line: Callable[[str], None] = lambda _: None,
    links: Sequence[tuple[str, str]] = (),
    tables_only: bool = False,
) -> Callable[[], list[str]]:
    """Write the formats of a pack into an empty folder. `links`: addresses of what is published with it, and descriptions.

    Returns a function that waits for workbook and document, and returns the ids of charts that could not be drawn.
    """
    not_drawn: set[str] = set()
    downloads: list[tuple[str, str]] = []
    cache = home.pictures if home else None
    name = f"{slug(pack.title)}-{pack.edition}{'-public' if pack.rule else ''}"
    started: dict[str, Future[tuple[bytes, set[str]]]] = {}
    if "xlsx" in forms:
        started["xlsx"] = WORKER.submit(_make_workbook, pack)
    if cache and {"html", "docx"} <= set(forms):
        fill_cache(pack.charts, cache)
    if "docx" in forms:
        started["docx"] = WORKER.submit(_make_document, pack, cache, document_settings(home, tables_only))
    downloads += [(f"{name}.{form}", f"The report as {FORMS[form]} (.{form})") for form in started]
    if "csv" in forms:
        files = write_csvs(pack, folder / "csv")
        downloads += [(f"csv/{METADATA}", f"What the {len(files) - 1} CSV files hold (CSV on the Web metadata)")]
        print_line(f"csv: {len(files) - 1} files in csv/")
    if "html" in forms:
        not_drawn |= write_html(pack, folder, trails, downloads, cache, links)
        print_line(f"html: index.html and {sum(1 for _ in folder.rglob('*.html')) - 1} more pages, {len(pack.charts)} charts")
    note = {
        "edition": pack.edition, "title": pack.title, "force_code": pack.force_code, "night_id": pack.night_id,
        "is_sample": pack.is_made_up, "figures": pack.rule or "exact", "forms": [f for f in FORMS if f in forms],
    }  # fmt: skip
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")

    def finish() -> list[str]:
        for form, future in started.items():
            data, missing = future.result()
            (folder / f"{name}.{form}").write_bytes(data)
            print_line(f"{form}: {name}.{form}")
            not_drawn.update(missing)
        if not_drawn:
            print_line(f"not drawn: {', '.join(sorted(not_drawn))}")
        return sorted(not_drawn)

    return finish


def _make_workbook(pack: Pack) -> tuple[bytes, set[str]]:
    from .workbook import write_xlsx  # loads pandas

    file = io.BytesIO()
    write_xlsx(pack, file)
    return file.getvalue(), set()


def _make_document(pack: Pack, cache: Path | None, form: DocumentSettings) -> tuple[bytes, set[str]]:
    from .word_document import write_docx

    file = io.BytesIO()
    not_drawn = write_docx(pack, file, cache, form)
    return file.getvalue(), not_drawn


def write_editions(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    home: Home,
    is_made_up: bool,
    links: Sequence[tuple[str, str]] = (),
    public: bool = False,
) -> Callable[[], list[str]]:
    """Write every edition of a night into a folder of its own below `folder`.

    Returns a function that waits for workbooks and documents, and returns the charts that could not be drawn, as
    `edition/chart`. An edition of a force that the night has no file of is left out: it would only say that nothing is
    available. The same file gives the same bytes: no rows are counted for the trails.

    `con` reads the night's file, published or not yet. `links`: addresses, from the folder of an edition, of what is published
    with it, and descriptions. `public`: write the public form.
    """
    rows = con.execute("select distinct edition from reports.tables order by edition").fetchall()
    forces = forces_with_files(con)
    editions = read_editions(home).sound
    started: dict[str, Callable[[], list[str]]] = {}
    for edition in (editions[name] for (name,) in rows if name in editions and editions[name].force_code in forces):
        pack = read_pack(con, edition, is_made_up, public)
        edition_folder = folder / edition.edition
        edition_folder.mkdir(parents=True)
        started[edition.edition] = _write_forms(pack, edition_folder, tuple(FORMS), None, home, links=links)
    return lambda: [f"{name}/{chart}" for name, finish in started.items() for chart in finish()]


@contextmanager
def whole_folder(out: Path, overwrite: bool, marker: str = NOTE, what: str = "a report") -> Generator[Path]:
    """Within, a folder to fill, which then replaces `out`, whole or not at all.

    Raises TargetFolderError if `out` is a file, or holds other things than what `marker` marks and `overwrite` is not set;
    OSError.
    """
    if out.exists() and not out.is_dir():
        raise TargetFolderError(f"{out} is a file; --out names a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / marker).exists() and not overwrite:
        raise TargetFolderError(
            f"{out} holds other things than {what}; name another folder, or replace all of it with --replace"
        )
    new = temporary_path(out)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        _replace_folder(new, out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _replace_folder(new: Path, out: Path) -> None:
    """Rename a finished folder to `out`, and delete what was there. Raises OSError; what was there then stays."""
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
