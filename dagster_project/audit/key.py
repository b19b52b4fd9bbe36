"""The key that signs the record: not the one for pseudonyms, so whoever has that one cannot sign."""

import hashlib

from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.key_files import KeyFile

KEY_VARIABLE = "PAM_AUDIT_KEY"
REMEDY = (
    f"Give the earlier key again, in {KEY_VARIABLE} or in audit.key; if it is lost, move audit/ and audit.anchor to where"
    " they are kept, and the next record begins a new log"
)


class AuditKeyError(PamError, RuntimeError):
    """The record's key can't be had, or is another than the one that the log was begun with."""


def find_audit_key(home: Home, *, make: bool = False) -> bytes:
    """The key of `PAM_AUDIT_KEY` (its UTF-8 bytes), else of the home's `audit.key`; `make`: made where there is none.

    Raises AuditKeyError.
    """
    return KeyFile(KEY_VARIABLE, home.audit_key_file, REMEDY, AuditKeyError).secret("the audit key", make=make)


def fingerprint(key: bytes) -> str:
    """16 hex digits that tell keys apart and tell nothing of them."""
    return hashlib.sha256(b"pam audit key " + key).hexdigest()[:16]
