"""Writes and reads one signed line of the log.

`{"n":17,"at":"...","kind":"collection","who":"pam",...,"before":"<sha256>","mac":"<hmac>"}`. `before` is the SHA-256 of the
whole line before it, with its signature; `mac` is the HMAC-SHA-256 of everything before `,"mac"`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

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
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
