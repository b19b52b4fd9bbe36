"""The published folder: the warehouse and every output of one night, all replaced in one step.

    published/current         -> .nights/<night>: the one link that a publication changes, by one rename
    published/warehouse.duckdb -> current/warehouse.duckdb
    published/<output>        -> current/<output>, one link an output, always the same
    published/.nights/<night>/   what one night published, whole; never changed again

A link whose target the current night has not leads nowhere, as if it were not there: a name that is new is linked before
`current` is changed, so that it appears with its night. Who resolves `current` first reads one night
throughout. The folder of the night before stays until the next publication,
for those who are still reading it.
"""

import contextlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder, put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.permissions import share
from dagster_project.core.published_file import CURRENT, published_folder

AT_ONCE = 8
"""Files that are written through to disk at the same time."""


def begin_folder(home: Home, night_id: str) -> Path:
    """A new folder to lay a night's outputs in, which nobody sees yet. What was left half made before is removed."""
    nights = make_folder(make_folder(home.published) / ".nights")
    for half in nights.glob(".*"):
        shutil.rmtree(half, ignore_errors=True)
    n, name = 1, night_id
    while (nights / name).exists():
        n += 1
        name = f"{night_id}.{n}"
    return make_folder(temporary_path(nights / name))


def finish_folder(home: Home, folder: Path) -> None:
    """Publish a folder that `begin_folder` gave, once it is laid out: bring it to disk, then point `current` to it.

    Raises OSError: then what was published before still is, and the folder is under its own name or under `whole`. What
    fails after `current` was pointed to it is no failure: `mend_links` does it again.
    """
    # Before anybody can see it: no reader meets a night that is not for him yet.
    share(folder, read_config(home).publish.group)
    to_disk(folder)
    whole = name_of(folder).resolve()
    put_in_place(folder, whole)
    for part in whole.iterdir():
        # A name that nothing has yet leads nowhere until `current` does: it appears with its night.
        if not os.path.lexists(home.published / part.name):
            _link(home.published / part.name, f"{CURRENT}/{part.name}")
    before, current = published_folder(home), home.published / CURRENT
    if current.is_dir() and not current.is_symlink():
        # A copy of a home that followed its links has folders in their place.
        for part in (*current.iterdir(), current):
            _make_room(home.published / part.name)
    try:
        _link(current, f"{whole.parent.name}/{whole.name}")
    except OSError:
        if published_folder(home) != whole:
            raise
    with contextlib.suppress(OSError):
        mend_links(home)
    for old in whole.parent.iterdir():
        if old not in (whole, before):
            shutil.rmtree(old, ignore_errors=True)


def name_of(folder: Path) -> Path:
    """The name that a folder of `begin_folder` has once it is whole."""
    return folder.with_name(folder.name.removeprefix(".").removesuffix(".new"))


def mend_links(home: Home) -> None:
    """Have a link for all that the published night's folder holds, and none for what it does not.

    Not for a home whose warehouse is a file of its own: `publish.adopt` is. Raises OSError.
    """
    folder = published_folder(home)
    if folder is None:
        return
    for part in folder.iterdir():
        link = home.published / part.name
        if not link.is_symlink():
            _make_room(link)
        if not (link.is_symlink() and os.readlink(link) == f"{CURRENT}/{part.name}"):
            _link(link, f"{CURRENT}/{part.name}")
    for link in home.published.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink()
    for half in home.published.glob(".*.new"):
        half.unlink(missing_ok=True)


def to_disk(folder: Path) -> None:
    """Write a folder and all below it through to disk (fsync), several files at once because each waits for the disk."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Reading each result raises its error.
        for _ in pool.map(_to_disk, (*folder.rglob("*"), folder)):
            pass


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _link(link: Path, target: str) -> None:
    """Have a link point to `target`, in one step, in the place of the link or file that was there."""
    new = temporary_path(link)
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    put_in_place(new, link)


def _make_room(path: Path) -> None:
    """Put a folder aside that stands where a link belongs; the next publication removes it."""
    if path.is_dir() and not path.is_symlink():
        aside = temporary_path(make_folder(path.parent / ".nights") / f"{path.name}.copied")
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
