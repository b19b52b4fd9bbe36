"""A secret key, from an environment variable or from a file that only its owner can read."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from .files import make_folder


@dataclass(frozen=True)
class KeyFile:
    """Where a key is. `remedy`: what to do if it is missing; `error`: the error raised then."""

    variable: str
    path: Path
    remedy: str
    error: type[RuntimeError]

    def secret(self, label: str, *, make: bool) -> bytes:
        """The key's bytes: the variable's, in UTF-8, else the file's. `make`: make the file if it is missing.

        `label`: the key's name in messages. Raises `error` if the key is missing, empty, or can be read by others.
        """
        if value := os.environ.get(self.variable):
            return value.encode("utf-8")
        if make:
            self._make()
        try:
            if self.path.stat().st_mode & 0o077:
                raise self.error(f"{self.path.name} can be read by others than its owner: `chmod 600 {self.path}`")
            secret = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            raise self.error(f"{label} is gone. {self.remedy}") from error
        if not secret:
            raise self.error(f"{self.path.name} is empty. {self.remedy}")
        return secret.encode("utf-8")

    def _make(self) -> None:
        """Write 32 random bytes in hexadecimal, unless there is a file."""
        make_folder(self.path.parent)
        # Exclusive creation: if two first nights start at once, one makes the key and the other reads it.
        with contextlib.suppress(FileExistsError):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
