"""Parts of a night's outputs that need not be made again: where all that a part is made of is as it was, its file of the
published night is taken.

What is published is the store: nothing is kept beside it but a list of what each part was made of, `cache/parts.json`, which
may be deleted. A part is the same to the byte whether it is taken or made.
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
from .published_file import digest_of, published_folder

CONTENT = "count(*) || ' ' || coalesce(sum(hash(hash(t))), 0)"
"""SQL: a short text that is another one where rows of `t` are others, in any order. A row's hash is hashed again, as DuckDB's
is too regular to be added up."""


class Parts:
    """The parts of one night's outputs. Without a home, all are made."""

    def __init__(self, home: Home | None = None, folder: Path | None = None, version: str = "") -> None:
        """`folder`: where the night's outputs are laid out. `version`: of the code that makes them."""
        self.home, self.folder, self.version = home, folder, version
        self.last = published_folder(home) if home else None
        self._told: dict[str, list[str]] = {}
        self._own: dict[str, list[str]] = {}
        if home and self.last:
            # No list, or what is none: all is made.
            with suppress(OSError, ValueError, TypeError, KeyError):
                said = json.loads(home.parts_file.read_text(encoding="utf-8"))
                if said["folder"] == self.last.name:
                    self._told = dict(said["parts"])

    def put(self, path: Path, made_of: str, make: Callable[[Path], object]) -> bool:
        """Have a part at `path`: the published night's where that was made of the same, else made now. Returns whether it was
        taken.

        `made_of`: all that `make` reads, but for its own code. Raises what `make` raises.
        """
        if self.folder is None:
            make(path)
            return False
        name = path.relative_to(self.folder).as_posix()
        key = hashlib.sha256(f"{self.version} {name} {made_of}".encode()).hexdigest()
        told = self._told.get(name, ["", ""])
        make_folder(path.parent)
        if self.last and told[0] == key and _take(self.last / name, path, told[1]):
            self._own[name] = told
            return True
        make(path)
        self._own[name] = [key, digest_of(path)]
        return False

    def save(self, published_as: str) -> None:
        """Write down what the parts were made of. `published_as`: the name that the night's folder will have.

        Where it can't be written, the next night makes them all.
        """
        if self.home:
            text = json.dumps({"folder": published_as, "parts": self._own})
            with suppress(OSError):
                write_whole(self.home.parts_file, text.encode("ascii"))


def _take(source: Path, path: Path, digest: str) -> bool:
    """Have a file under a second name, or a copy where the disk has no links. Not where its bytes are no longer the same: then
    somebody wrote in it, or a power cut lost them."""
    try:
        try:
            os.link(source, path)
        except OSError:
            shutil.copyfile(source, path)
        if digest_of(path) == digest:
            return True
    except FileNotFoundError:
        return False
    path.unlink()
    return False
