"""Output files that a night takes from the last publication, because nothing they are made from has changed.

The files are in the published folder; `cache/parts.json` lists what each was made from. It may be deleted: then every file is
made again. A reused file has the same bytes as a new one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .files import make_folder, write_whole
from .home import Home
from .published_file import published_folder, sha256_of


class ReusedFiles:
    """Files of one night's outputs, taken from the last publication where possible. Without a home, all are made."""

    def __init__(self, home: Home | None = None, folder: Path | None = None, version: str = "") -> None:
        """`folder`: where the night's outputs are written. `version`: of the code that makes them."""
        self.home, self.folder, self.version = home, folder, version
        self.last = published_folder(home) if home else None
        self._earlier: dict[str, list[str]] = {}
        """Files of the last publication: hash of what each was made from, and its SHA-256."""
        self._now: dict[str, list[str]] = {}
        """The same for this night's files."""
        if home and self.last:
            # If the list can't be read, every file is made.
            with suppress(OSError, ValueError, TypeError, KeyError):
                stored = json.loads(home.parts_file.read_text(encoding="utf-8"))
                if stored["folder"] == self.last.name:
                    self._earlier = dict(stored["parts"])

    def reuse_or_make(self, path: Path, made_of: str, make: Callable[[Path], object]) -> bool:
        """Put a file at `path`: the published one if it was made from the same, else a new one. Returns whether it was reused.

        `made_of`: everything that `make` reads, as text. Raises what `make` raises.
        """
        if self.folder is None:
            make(path)
            return False
        name = path.relative_to(self.folder).as_posix()
        key = hashlib.sha256(f"{self.version} {name} {made_of}".encode()).hexdigest()
        earlier = self._earlier.get(name, ["", ""])
        make_folder(path.parent)
        if self.last and earlier[0] == key and _link(self.last / name, path, earlier[1]):
            self._now[name] = earlier
            return True
        make(path)
        self._now[name] = [key, sha256_of(path)]
        return False

    def save(self, published_as: str) -> None:
        """Store what the files were made from, once they are published. `published_as`: the name of the night's folder.

        If the list can't be written, the next night makes every file.
        """
        if self.home and self._now:
            text = json.dumps({"folder": published_as, "parts": self._now})
            with suppress(OSError):
                write_whole(self.home.parts_file, text.encode("ascii"))


def _link(source: Path, path: Path, digest: str) -> bool:
    """Link a file, or copy it if the disk has no links. Returns False if it is missing, or was changed or damaged since."""
    try:
        try:
            os.link(source, path)
        except OSError:
            shutil.copyfile(source, path)
        if sha256_of(path) == digest:
            return True
    except FileNotFoundError:
        return False
    path.unlink()
    return False
