"""A secret key, from an environment variable or from a file that only its owner can read."""

import contextlib
import os
import secrets
from pathlib import Path

from .files import make_folder


def make_key(variable: str, path: Path) -> None:
    """Make a key's file, of 32 random bytes, unless there is one or the variable has the key."""
    if os.environ.get(variable):
        return
    make_folder(path.parent)
    # Exclusive creation: if two first nights start at once, one makes the key and the other reads it.
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_key(variable: str, path: Path, label: str, remedy: str, error: type[RuntimeError]) -> bytes:
    """A key's bytes: the variable's, in UTF-8, else the file's.

    `label`: the key's name in messages. Raises `error`, with the `remedy`, if the key is missing, empty, or can be read by
    others.
    """
    if value := os.environ.get(variable):
        return value.encode("utf-8")
    try:
        if path.stat().st_mode & 0o077:
            raise error(f"{path.name} can be read by others than its owner: `chmod 600 {path}`")
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as missing:
        raise error(f"{label} is gone. {remedy}") from missing
    if not secret:
        raise error(f"{path.name} is empty. {remedy}")
    return secret.encode("utf-8")
