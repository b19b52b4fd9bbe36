"""A secret key, from an environment variable or from a file that only its owner can read; the file is made if it may be
missing.
"""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from .files import make_folder


@dataclass(frozen=True)
class KeyFile:
    """Where a key is. `remedy`: what to do where it is not there; `error`: what is raised then."""

    variable: str
    path: Path
    remedy: str
    error: type[RuntimeError]

    def secret(self, called: str, *, make: bool) -> bytes:
        """The key's bytes: the variable's, in UTF-8, else the file's. `make`: make the file where there is none.

        `called`: what messages call the key. Raises `error` where it is gone, empty, or can be read by others.
        """
        if given := os.environ.get(self.variable):
            return given.encode("utf-8")
        if make:
            self._make()
        try:
            if self.path.stat().st_mode & 0o077:
                raise self.error(f"{self.path.name} can be read by others than its owner: `chmod 600 {self.path}`")
            found = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            raise self.error(f"{called} is gone. {self.remedy}") from error
        if not found:
            raise self.error(f"{self.path.name} is empty. {self.remedy}")
        return found.encode("utf-8")

    def _make(self) -> None:
        """Write 32 random bytes in hexadecimal, unless there is a file."""
        make_folder(self.path.parent)
        # Exclusive creation: of two first nights at once, one makes the key and the other reads it.
        with contextlib.suppress(FileExistsError):
            made = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
