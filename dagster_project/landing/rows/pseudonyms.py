"""Replaces personal identifiers by keyed hashes: HMAC-SHA-256 (RFC 2104), composed in SQL, since DuckDB does not have it."""

import hashlib
import json
from dataclasses import dataclass, field

import duckdb

from dagster_project.core.errors import Cause, PamError
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.key_files import make_key, read_key

KEY_VARIABLE = "PAM_PSEUDONYM_KEY"
BLOCK = 64
ACCEPTED = "accepted_keys.json"
"""The file in the ledger's folder with the changes of key that a person has accepted."""
REMEDY = (
    f"Give the earlier key again, in {KEY_VARIABLE} or in pseudonym.key; if it is lost, start a new home "
    "and drop all files again, or have the change accepted (`pam key accept`), which says what that costs"
)


class PseudonymKeyError(PamError, RuntimeError):
    """The key is missing, or differs from the one that earlier loads were hashed with."""

    cause = Cause.KEY


@dataclass(frozen=True)
class PseudonymKey:
    """A pseudonym key. Its text form does not show its bytes."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the key's SHA-256, which identify the key and do not reveal it."""
        return hashlib.sha256(self.secret).hexdigest()[:16]


def read_or_make_key(home: Home, used: str | None) -> PseudonymKey:
    """The key of `PAM_PSEUDONYM_KEY` (its UTF-8 bytes), else of the home's key file, which is made on first use.

    `used`: the fingerprint of the key that earlier loads were hashed with; None where there are none. Raises PseudonymKeyError
    when the key is missing or is another one.
    """
    if used is None:
        make_key(KEY_VARIABLE, home.key_file)
    key = _read_key(home, used)
    if used is not None and key.fingerprint not in (used, accepted_change(home).get(used)):
        raise PseudonymKeyError(
            f"the pseudonym key has changed: earlier loads used the key with fingerprint {used}, this one "
            f"has {key.fingerprint}, and one person would become two. {REMEDY}"
        )
    return key


def accepted_change(home: Home) -> dict[str, str]:
    """Fingerprint of an earlier key -> fingerprint of the accepted new one. Raises ValueError for a broken file."""
    try:
        return dict(json.loads((home.ledger / ACCEPTED).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def changed_key(home: Home, used: str) -> PseudonymKey:
    """Today's key, which is not the one with the fingerprint `used`; a lost key file is made again.

    Raises PseudonymKeyError where the key has not changed.
    """
    make_key(KEY_VARIABLE, home.key_file)
    key = _read_key(home, used)
    if key.fingerprint == used:
        raise PseudonymKeyError(f"the key has the fingerprint {used}, as it had: there is no change to accept")
    return key


def accept_key(home: Home, used: str, key: PseudonymKey) -> None:
    """Accept a key in place of the one with the fingerprint `used`. The caller holds the home's lock, and has put the change on
    record."""
    changes = accepted_change(home) | {used: key.fingerprint}
    write_whole(home.ledger / ACCEPTED, json.dumps(changes).encode("utf-8"))


def _read_key(home: Home, used: str | None) -> PseudonymKey:
    label = f"the pseudonym key with fingerprint {used}"
    return PseudonymKey(read_key(KEY_VARIABLE, home.key_file, label, REMEDY, PseudonymKeyError))


def install(con: duckdb.DuckDBPyConnection, key: PseudonymKey) -> None:
    """Create the macro `pam_pseudonym(x)`: lower-case hex of HMAC-SHA-256 of a text's UTF-8 bytes. The key is passed as session
    variables, never as part of a statement, which errors and logs may show."""
    secret = hashlib.sha256(key.secret).digest() if len(key.secret) > BLOCK else key.secret
    for name, pad in (("pam_inner", 0x36), ("pam_outer", 0x5C)):
        con.execute(f"set variable {name} = ?", [bytes(b ^ pad for b in secret.ljust(BLOCK, b"\0"))])
    con.execute(
        """
        create or replace temp macro pam_pseudonym(x) as
            sha256(getvariable('pam_outer') || unhex(sha256(getvariable('pam_inner') || encode(x))))
        """
    )
