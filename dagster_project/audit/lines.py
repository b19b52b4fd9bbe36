"""Writes and reads one signed line of the log, and finds the key that signs it. That is not the pseudonym key, so that whoever
has that one cannot sign.

`{"n":17,"at":"...","kind":"collection","who":"pam",...,"before":"<sha256>","mac":"<hmac>"}`. `before` is the SHA-256 of the
whole line before it, with its signature; `mac` is the HMAC-SHA-256 of everything before `,"mac"`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.key_files import make_key, read_key

START = "0" * 64
"""`before` of the first line."""

_SIGNED = re.compile(rb'(\{"n":[0-9]+,.*),"mac":"([0-9a-f]{64})"\}', re.DOTALL)


def digest(line: bytes) -> str:
    """SHA-256 of a line without its line feed, in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def sign(key: bytes, body: bytes) -> str:
    """HMAC-SHA-256 in hexadecimal."""
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def write_line(key: bytes, n: int, facts: Mapping[str, Any], before: str) -> bytes:
    """A signed line, without its line feed. Facts of types that JSON lacks are written as text."""
    body = json.dumps({"n": n, **facts, "before": before}, separators=(",", ":"), default=str).encode("ascii")[:-1]
    return body + b',"mac":"' + sign(key, body).encode("ascii") + b'"}'


def read_line(key: bytes, line: bytes) -> dict[str, Any] | None:
    """A line's content; None if the line is incomplete or its signature is wrong."""
    match = _SIGNED.fullmatch(line)
    if not match or not hmac.compare_digest(sign(key, match[1]).encode("ascii"), match[2]):
        return None
    content: dict[str, Any] = json.loads(line)
    return content


KEY_VARIABLE = "PAM_AUDIT_KEY"
REMEDY = (
    f"Give the earlier key again, in {KEY_VARIABLE} or in audit.key; if it is lost, move audit/ and audit.anchor to a safe"
    " place, and the next record begins a new log"
)


class AuditKeyError(PamError, RuntimeError):
    """The audit key is missing, or is not the one that the log was started with."""


def read_audit_key(home: Home) -> bytes:
    """The key in `PAM_AUDIT_KEY` (as UTF-8 bytes), or else in the home's `audit.key`. Raises AuditKeyError."""
    return read_key(KEY_VARIABLE, home.audit_key_file, "the audit key", REMEDY, AuditKeyError)


def make_audit_key(home: Home) -> bytes:
    """The audit key, which is made if there is none. Raises AuditKeyError."""
    make_key(KEY_VARIABLE, home.audit_key_file)
    return read_audit_key(home)


def fingerprint(key: bytes) -> str:
    """16 hex digits that differ between keys and reveal nothing of them."""
    return hashlib.sha256(b"pam audit key " + key).hexdigest()[:16]
