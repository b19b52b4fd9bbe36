"""The published folder: the warehouse and the outputs of one night, all replaced in one step.

    published/current         -> .nights/<night>: the one link that a publication changes, by one rename
    published/warehouse.duckdb -> current/warehouse.duckdb
    published/<output>        -> current/<output>, one link for each output, always the same
    published/.nights/<night>/   what one night published; never changed

Links of new outputs are made before `current` changes: they lead nowhere until then, and so appear with their night. A reader
who resolves `current` first reads a single night. The folder of the previous night stays until the next publication, for those
who still read it.
"""

import contextlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dagster_project.core.config import read_config
from dagster_project.core.files import flush, make_folder, put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.permissions import share
from dagster_project.core.published_file import CURRENT, published_folder

FSYNC_THREADS = 8
"""Files that are flushed to disk at the same time."""


def begin_folder(home: Home, night_id: str) -> Path:
    """Make a hidden folder for a night's outputs. Unfinished folders of earlier nights are removed."""
    nights = make_folder(make_folder(home.published) / ".nights")
    for unfinished in nights.glob(".*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    n, name = 1, night_id
    while (nights / name).exists():
        n += 1
        name = f"{night_id}.{n}"
    return make_folder(temporary_path(nights / name))


def finish_folder(home: Home, folder: Path) -> None:
    """Publish a filled folder of `begin_folder`: flush it to disk, then point `current` to it.

    Raises OSError: then the last publication stays, and the folder has its hidden or its final name. Errors after `current`
    points to it are ignored: `repair_links` tries again.
    """
    # Set the rights before anybody can see the folder.
    share(folder, read_config(home).publish.group)
    _flush_all(folder)
    final_folder = final_name(folder).resolve()
    put_in_place(folder, final_folder)
    for part in final_folder.iterdir():
        # A new link leads nowhere until `current` changes.
        if not os.path.lexists(home.published / part.name):
            _link(home.published / part.name, f"{CURRENT}/{part.name}")
    before, current = published_folder(home), home.published / CURRENT
    if current.is_dir() and not current.is_symlink():
        # A copy of a home may have folders instead of links.
        for part in (*current.iterdir(), current):
            _move_folder_away(home.published / part.name)
    try:
        _link(current, f"{final_folder.parent.name}/{final_folder.name}")
    except OSError:
        if published_folder(home) != final_folder:
            raise
    with contextlib.suppress(OSError):
        repair_links(home)
    for old in final_folder.parent.iterdir():
        if old not in (final_folder, before):
            shutil.rmtree(old, ignore_errors=True)


def final_name(folder: Path) -> Path:
    """The name that a folder of `begin_folder` gets when it is finished."""
    return folder.with_name(folder.name.removeprefix(".").removesuffix(".new"))


def repair_links(home: Home) -> None:
    """Make the links in `published/` match what the published night's folder holds. Raises OSError.

    For a home whose warehouse is a file and not a link, use `publish.repair_layout`.
    """
    folder = published_folder(home)
    if folder is None:
        return
    for part in folder.iterdir():
        link = home.published / part.name
        if not link.is_symlink():
            _move_folder_away(link)
        if not (link.is_symlink() and os.readlink(link) == f"{CURRENT}/{part.name}"):
            _link(link, f"{CURRENT}/{part.name}")
    for link in home.published.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink()
    for unfinished in home.published.glob(".*.new"):
        unfinished.unlink(missing_ok=True)


def _flush_all(folder: Path) -> None:
    """Flush a folder and all below it to disk, several files at a time, because each waits for the disk."""
    with ThreadPoolExecutor(FSYNC_THREADS) as pool:
        # Reading each result raises its error.
        for _ in pool.map(flush, (*folder.rglob("*"), folder)):
            pass


def _link(link: Path, target: str) -> None:
    """Point a link to `target`, in one step. Replaces a link or file."""
    new = temporary_path(link)
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    put_in_place(new, link)


def _move_folder_away(path: Path) -> None:
    """Move away a folder that is where a link belongs; the next publication removes it."""
    if path.is_dir() and not path.is_symlink():
        away = temporary_path(make_folder(path.parent / ".nights") / f"{path.name}.copied")
        shutil.rmtree(away, ignore_errors=True)
        path.rename(away)
