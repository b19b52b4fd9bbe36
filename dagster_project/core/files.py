"""Files and folders that only the owner can read, and that appear whole or not at all."""

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Generator, Iterator
from pathlib import Path


def make_folder(folder: Path) -> Path:
    """Make a folder and those above it that are missing, all 0700 whatever the umask."""
    if not folder.is_dir():
        make_folder(folder.parent)
        # `mkdir(parents=True)` would set the mode of the last one only.
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def make_file(path: Path) -> int:
    """Open a new or emptied file (0600) to write; its descriptor."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def write_whole(path: Path, data: bytes, *, many_writers: bool = False) -> None:
    """Write a file so that readers see the old one or the new one, also after a power cut. Raises OSError, and then leaves
    no half-written file.

    `many_writers`: threads or processes may write this file at the same time; each uses a temporary name of its own.
    """
    make_folder(path.parent)
    with new_file(path, f".{os.getpid()}-{threading.get_ident()}" if many_writers else "") as temporary:
        temporary.write_bytes(data)


def write_for_all(path: Path, data: bytes) -> None:
    """Write a file that holds nothing of a home, for every user to read: what root's set-up leaves in the checkout must serve a
    night's user. Raises OSError."""
    write_whole(path, data, many_writers=True)
    path.chmod(0o644)
    with contextlib.suppress(PermissionError):  # another user's folder
        path.parent.chmod(0o755)


def read_written(path: Path, name: str, error: type[Exception], save_as: str = "UTF-8") -> str:
    """The text of a file that a person wrote, without the mark with which Excel begins one. `name`: what the error calls it.
    Raises OSError, and `error` if it is not UTF-8."""
    try:
        # `utf-8-sig` would not count the mark in the place of a byte.
        return path.read_text(encoding="utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        raise error(f"{name}: not UTF-8 (byte {fault.start + 1}): save it as {save_as}") from fault


@contextlib.contextmanager
def new_file(path: Path, writer: str = "") -> Generator[Path]:
    """A temporary file (0600) to write. When the block has ended without an error, it gets its final name. `writer`: what is
    added to its temporary name. Raises OSError; if there is no such folder, or the name is a folder's, before anything else."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    temporary = temporary_path(path.with_name(path.name + writer))
    try:
        temporary.touch(mode=0o600)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first, or name another place") from None
    try:
        yield temporary
        flush(temporary)
        put_in_place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def delete_abandoned(parent: Path, prefix: str) -> None:
    """Delete the folders `<prefix>-<process id>-<anything>` in `parent` whose process has ended: they may hold rows."""
    for folder in parent.glob(f"{prefix}-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except (ProcessLookupError, ValueError, IndexError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            # Another user's process, and alive.
            continue


def temporary_path(path: Path) -> Path:
    """The hidden name, in the same folder, that a file has while it is written."""
    return path.with_name(f".{path.name}.new")


def put_in_place(new: Path, path: Path) -> None:
    """Rename a finished file to its final name, which it keeps through a power cut."""
    os.replace(new, path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Flush a file or folder to disk (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def misnamed_yaml(folder: Path) -> Iterator[tuple[str, str]]:
    """Files of a folder that a person may mean by `name.yml`, which is not there, such as `name.yaml` and `name.yml.txt`: each
    with that name."""
    for path in sorted(folder.glob("[!.]*.*")):
        name = re.sub(r"\.(yml|yaml)(\.txt)?$", "", path.name, flags=re.I)
        if path.suffix != ".yml" and name != path.name and not (folder / f"{name}.yml").exists():
            yield path.name, name


def nearly_named(path: Path) -> str | None:
    """A file beside `path`, which is not there, that a person may mean by it: `Areas.csv`, or `areas.csv.txt`, as Windows hides
    endings. None where there is none, or nobody may look."""
    likely = {path.name.lower(), f"{path.name}.txt".lower(), f"{path.name}{path.suffix}".lower()}
    with contextlib.suppress(OSError):
        return min((n for n in os.listdir(path.parent) if n.lower() in likely and n != path.name), default=None)
    return None
