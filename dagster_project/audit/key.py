"""The key that signs the record. It is not the pseudonym key, so that whoever has that one cannot sign."""

import hashlib

from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.key_files import read_key

KEY_VARIABLE = "PAM_AUDIT_KEY"
REMEDY = (
    f"Give the earlier key again, in {KEY_VARIABLE} or in audit.key; if it is lost, move audit/ and audit.anchor to a safe"
    " place, and the next record begins a new log"
)


class AuditKeyError(PamError, RuntimeError):
    """The audit key is missing, or is not the one that the log was started with."""


def find_audit_key(home: Home, *, make: bool = False) -> bytes:
    """The key in `PAM_AUDIT_KEY` (as UTF-8 bytes), or else in the home's `audit.key`. `make`: make one if there is none.

    Raises AuditKeyError.
    """
    return read_key(KEY_VARIABLE, home.audit_key_file, "the audit key", REMEDY, AuditKeyError, make=make)


def fingerprint(key: bytes) -> str:
    """16 hex digits that differ between keys and reveal nothing of them."""
    return hashlib.sha256(b"pam audit key " + key).hexdigest()[:16]
