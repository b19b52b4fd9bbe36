"""The key that the record is signed with: of its own, so that who has the pseudonyms' has not this one."""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from ..landing.files import make_folder
from ..settings import Home

KEY_VARIABLE = "PAM_AUDIT_KEY"
REMEDY = (
    f"Give the earlier key again, in {KEY_VARIABLE} or in audit.key; if it is lost, move audit/ to where it is kept, and the"
    " next record begins a new log"
)


class AuditKeyError(RuntimeError):
    """The record's key can't be had, or is another than the one that the log was begun with."""


def find_key(home: Home, used: str | None) -> bytes:
    """The key of `PAM_AUDIT_KEY` (its UTF-8 bytes), else of the home's `audit.key`, made where no log was begun.

    `used` is the fingerprint of the key that the log was begun with, None where there is none. Raises AuditKeyError.
    """
    if given := os.environ.get(KEY_VARIABLE):
        key = given.encode("utf-8")
    else:
        if used is None:
            _make(home.audit_key_file)
        key = _read(home.audit_key_file)
    if used is not None and used != fingerprint(key):
        raise AuditKeyError(
            f"the audit key has changed: the log was begun with the key with fingerprint {used}, this one has"
            f" {fingerprint(key)}, and earlier records could not be verified. {REMEDY}"
        )
    return key


def fingerprint(key: bytes) -> str:
    """16 hex digits that tell keys apart and tell nothing of them."""
    return hashlib.sha256(b"pam audit key " + key).hexdigest()[:16]


def _make(path: Path) -> None:
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise AuditKeyError(f"{path.name} can be read by others than its owner: `chmod 600 {path}`")
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise AuditKeyError(f"the audit key is gone. {REMEDY}") from error
    if not secret:
        raise AuditKeyError(f"{path.name} is empty. {REMEDY}")
    return secret.encode("utf-8")
