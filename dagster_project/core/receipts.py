"""A night's id, the home's lock, and the receipt that says how the night ended."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

from .errors import Cause, PamError
from .files import write_whole
from .home import LONDON, Home
from .permissions import refuse_open

Outcome = Literal["published", "unchanged", "held", "failed", "rolled back"]
"""`unchanged`: no new file came, and what is published stands.
`rolled back` is no night: somebody published an earlier one again. What became of that is kept like a night's."""


class NightUnderWayError(PamError, RuntimeError):
    """Another night is writing in this home."""

    cause = Cause.UNDER_WAY
    is_transient = True


STEPS = "steps"
"""The folder of `nights/` in which each step of a night hands on what it made, a folder a night."""
SAMPLE_MARK = "SAMPLE"
"""The file that says that a home is for the sample alone: no other night begins in it."""
MADE_UP_MARK = "MADE_UP"
"""The file that says that the files which landed in a home are made up."""
SAMPLE_DAY = date(2026, 1, 3)
"""The date by the sample's own clock, three days after it ends: made-up files do not grow late while nobody drops any."""


def today_of(home: Home, now: datetime | None = None) -> date:
    """The date in London against which a home's extracts are late: of made-up data, the sample's own."""
    if (home.path / SAMPLE_MARK).exists():
        return SAMPLE_DAY
    return (now or datetime.now(UTC)).astimezone(LONDON).date()


def holds_made_up(home: Home) -> bool:
    """Whether a home's figures are made up: everything that goes out of it says so."""
    return any((home.path / name).exists() for name in (SAMPLE_MARK, MADE_UP_MARK))


class SampleHomeError(PamError, RuntimeError):
    """Made-up rows would stand beside real ones."""

    cause = Cause.SAMPLE_HOME


def refuse_sample(home: Home) -> None:
    """Raise SampleHomeError where a home holds made-up data."""
    if (home.path / SAMPLE_MARK).exists():
        raise SampleHomeError(
            f"{home.path} holds made-up sample data: give real extracts a home of their own (--home DIR), or delete that one"
        )


@dataclass(frozen=True)
class Night:
    """One run of the warehouse in one home."""

    home: Home
    night_id: str
    started_at: datetime
    today: date
    """The night's date in London, against which extracts are late; of made-up data, the sample's."""

    @classmethod
    def begin(cls, home: Home, now: datetime | None = None) -> "Night":
        """A new night, its id taken from the clock: `20260106T020000Z`, with a number where one has that already."""
        now = now or datetime.now(UTC)
        stamp = night_id = now.strftime("%Y%m%dT%H%M%SZ")
        n = 1
        while (
            (home.nights / f"{night_id}.json").exists()
            or (home.nights / STEPS / night_id).exists()
            or any(home.ledger.glob(f"{night_id}__*"))
        ):
            n += 1
            night_id = f"{stamp}-{n}"
        return cls(home, night_id, now, today_of(home, now))


@dataclass(frozen=True)
class Receipt:
    """What became of a night. Kept as `nights/<night id>.json`; `meta.nights` has a row of each."""

    night_id: str
    outcome: Outcome
    started_at: str
    finished_at: str
    reason: str = ""
    """Why it was held, failed or rolled back; of a published one, what went wrong besides."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """The files that this night decided on, as in the ledger."""
    checks: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    """Rows of each mart."""
    withdrawn: dict[str, int] = field(default_factory=dict)
    """Rows of earlier files that this night's files take back, by extract."""
    erased: int = 0
    """Archived files whose time was over."""
    sha256: str | None = None
    """Of the published file."""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was published beside it, by output: files, bytes, SHA-256 (of all of them: `outputs.WrittenOutput`) and seconds."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Where the time went."""
    stands: str = ""
    """Of an unchanged night: the one that is published."""
    republished: str | None = None
    """The night that was to be published again."""
    by: str = ""
    """Who wanted that."""
    audit: str = ""
    """Number and hash of the last record of processing by then: a log that was cut since no longer has it."""
    postgres: dict[str, Any] = field(default_factory=dict)
    """What became of it in PostgreSQL, where one is named: `outcome` (loaded, there already, failed), `reason`."""
    cause: str = ""
    """Of a failed night, the kind of cause (`errors.Cause`): what to do follows from it."""

    @property
    def not_served(self) -> str:
        """Why the night, which is published, is not in PostgreSQL; nothing where it is, or none is named."""
        return str(self.postgres.get("reason") or "failed") if self.postgres.get("outcome") == "failed" else ""

    @property
    def said(self) -> str:
        """The reason in a line: of going back, which night, who and why."""
        if not self.republished:
            return self.reason
        done = "published again" if self.outcome == "rolled back" else "was to be published again, and was not,"
        return f"night {self.republished} {done} by {self.by}: {self.reason}"

    def finished(self, night: Night) -> "Receipt":
        """The same, ended now."""
        now = datetime.now(UTC)
        total = (now - night.started_at).total_seconds()
        return replace(self, finished_at=stamp(now), seconds={**self.seconds, "total": round(total, 3)})


def night_order(night_id: str) -> tuple[str, int]:
    """What night ids sort by: their begin, then their number."""
    began, _, number = night_id.partition("-")
    return began, int(number) if number.isdigit() else 1


def stamp(moment: datetime) -> str:
    """A UTC time as receipts write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def receipt_path(home: Home, night_id: str) -> Path:
    """Where a night's receipt is kept."""
    return home.nights / f"{night_id}.json"


def write_receipt(home: Home, receipt: Receipt) -> Path:
    """Keep a receipt; whole or not at all."""
    path = receipt_path(home, receipt.night_id)
    write_whole(path, json.dumps(receipt.__dict__, indent=1, default=str).encode("utf-8"))
    return path


def read_receipts(home: Home) -> list[Receipt]:
    """All receipts, oldest first. One that can't be read raises ValueError with its name."""
    receipts = []
    for path in sorted(home.nights.glob("*.json")) if home.nights.is_dir() else ():
        try:
            receipts.append(Receipt(**json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: not a receipt: {error}") from error
    return sorted(receipts, key=lambda r: (r.started_at, r.night_id))


@contextlib.contextmanager
def locked(home: Home) -> Iterator[None]:
    """Keep other nights out of a home; the lock goes with the process. Raises NightUnderWayError at once."""
    handle = take_lock(home)
    try:
        yield
    finally:
        handle.close()


def is_under_way(home: Home) -> bool:
    """Whether a night, or a command that keeps nights out, has the home now. Makes nothing."""
    try:
        with (home.path / ".night.lock").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def take_lock(home: Home) -> TextIO:
    """The open lock file; closing it gives the lock back. Raises NightUnderWayError, OpenHomeError."""
    refuse_open(home)
    home.create()
    handle = (home.path / ".night.lock").open("a+")
    os.chmod(handle.name, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise NightUnderWayError(f"another night is under way in {home.path}; wait for it, or end that process") from None
    return handle
