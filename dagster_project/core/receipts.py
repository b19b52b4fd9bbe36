"""A night's id, and the receipt that says how the night ended."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from .errors import PamError
from .files import write_whole
from .home import LONDON, Home
from .made_up_home import sample_day_of
from .plurals import list_first

Outcome = Literal["published", "unchanged", "held", "failed", "rolled back"]
"""`unchanged`: no new file came, and the published night stays. `rolled back`: somebody published an earlier night again, which
has a receipt like a night's."""


ID_FORMAT = "%Y%m%dT%H%M%SZ"
"""How a night's id says when it began, in UTC."""
STEPS = "steps"
"""The folder in `nights/` where each step of a night stores its result for the next: one folder for each night."""


def today_of(home: Home, now: datetime | None = None) -> date:
    """The date in London by which a home's extracts are late; in the sample's home, `SAMPLE_DAY`."""
    return sample_day_of(home) or (now or datetime.now(UTC)).astimezone(LONDON).date()


@dataclass(frozen=True)
class Night:
    """One run of the warehouse in one home."""

    home: Home
    night_id: str
    started_at: datetime
    today: date
    """As `today_of`."""

    @classmethod
    def begin(cls, home: Home, now: datetime | None = None) -> "Night":
        """A new night with an id from the clock: `20260106T020000Z`, with a number if that id is taken.

        If an earlier night has a later id, since the clock was ahead then, it is a second after that one: ids say which night
        is newer, and so which files came after rows were erased.
        """
        now = now or datetime.now(UTC)
        first_id = now.strftime(ID_FORMAT)
        newest_id = max((p.name[: len(first_id)] for p in _traces(home)), default="")
        if newest_id > first_id:
            first_id = (datetime.strptime(newest_id, ID_FORMAT) + timedelta(seconds=1)).strftime(ID_FORMAT)
        night_id, n = first_id, 1
        while (
            receipt_path(home, night_id).exists()
            or (home.nights / STEPS / night_id).exists()
            or any(home.ledger.glob(f"{night_id}__*"))
        ):
            n += 1
            night_id = f"{first_id}-{n}"
        return cls(home, night_id, now, today_of(home, now))


@dataclass(frozen=True)
class Receipt:
    """The result of a night, stored as `nights/<night id>.json`; `meta.nights` has a row for each."""

    night_id: str
    outcome: Outcome
    started_at: str
    finished_at: str
    reason: str = ""
    """Why it was held, failed or rolled back; if it was published, what went wrong after that."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """The files that this night decided on, as in the ledger."""
    checks: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    """Rows of each mart."""
    withdrawn: dict[str, int] = field(default_factory=dict)
    """Rows of earlier files that this night's files withdraw, by extract."""
    erased: int = 0
    """Archived files that were erased because their retention period ended."""
    sha256: str | None = None
    """Of the published file."""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was published with it, by output: the fields of `outputs.WrittenOutput`."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Duration of each step."""
    stands: str = ""
    """If this night was unchanged: the night that is published."""
    republished: str | None = None
    """The night that was to be published again."""
    by: str = ""
    """Who asked for that."""
    audit: str = ""
    """Number and hash of the last record of processing at that time: a log that was cut since lacks it."""
    postgres: dict[str, Any] = field(default_factory=dict)
    """The result of loading to PostgreSQL, if it is set up: `outcome` (loaded, there already, failed), `reason`."""
    cause: str = ""
    """If the night failed: the kind of cause (`errors.Cause`)."""
    inbox: str = ""
    """The folder that the night was told to read; blank: that of the settings."""
    period: str = ""
    """If it filled a past period: first and last day, as `pam backfill` takes them."""

    @property
    def not_in_postgres(self) -> str:
        """Why a published night is not in PostgreSQL; empty if it is, or PostgreSQL is not set up."""
        return str(self.postgres.get("reason") or "failed") if self.postgres.get("outcome") == "failed" else ""

    @property
    def summary(self) -> str:
        """The reason in a line; for a rollback, which night, who and why."""
        if not self.republished:
            return self.reason
        done = "published again" if self.outcome == "rolled back" else "was to be published again, and was not,"
        return f"night {self.republished} {done} by {self.by}: {self.reason}"

    def finished(self, night: Night) -> "Receipt":
        """This receipt, finished now."""
        now = datetime.now(UTC)
        total = (now - night.started_at).total_seconds()
        return replace(self, finished_at=utc_seconds(now), seconds={**self.seconds, "total": round(total, 3)})


FIELDS = {f.name for f in fields(Receipt)}


def _traces(home: Home) -> Iterator[Path]:
    """What nights leave in a home under names that begin with their ids."""
    started_with_id = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z*"
    for folder in (home.nights, home.nights / STEPS, home.ledger):
        yield from folder.glob(started_with_id)


def night_order(night_id: str) -> tuple[str, int]:
    """Sort key of night ids: start, then number."""
    start, _, number = night_id.partition("-")
    return start, int(number) if number.isdigit() else 1


class NightNotFoundError(PamError, ValueError):
    """No night has such an id, or several have. The message names some that there are, the newest first."""


def match_night(night: str, nights: Sequence[str], kind: str) -> str:
    """Which of the nights has this id, or is the only one whose id begins so. `kind`: how the error calls them, such as `kept
    night`. Raises NightNotFoundError."""
    matches = [n for n in nights if n == night] or [n for n in nights if n.startswith(night)]
    if len(matches) != 1:
        newest_first = sorted(matches or nights, key=night_order, reverse=True)
        listed = f"There are {list_first(newest_first, 10)}" if nights else "`pam nightly` makes one"
        raise NightNotFoundError(f"{night}: {'more than one' if matches else 'no'} {kind} of that id. {listed}")
    return matches[0]


def utc_seconds(at: datetime) -> str:
    """A time in UTC, as receipts and the ledger have it: `YYYY-MM-DDTHH:MM:SSZ`."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def receipt_path(home: Home, night_id: str) -> Path:
    return home.nights / f"{night_id}.json"


def write_receipt(home: Home, receipt: Receipt) -> None:
    write_whole(receipt_path(home, receipt.night_id), json.dumps(receipt.__dict__, indent=1, default=str).encode("utf-8"))


def read_receipt(home: Home, night_id: str | None) -> Receipt | None:
    """A night's receipt; None if there is none. One that can't be read raises ValueError with its name."""
    path = receipt_path(home, night_id or "")
    return _read(path) if night_id and path.exists() else None


def _read(path: Path, seen: dict[Any, dict[str, Any]] | None = None) -> Receipt:
    """`seen`: the checks of other receipts; equal ones are taken from there."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        # A field that is not known is of a later version. Who goes back to an earlier one can still run nights.
        receipt = Receipt(**{k: v for k, v in body.items() if k in FIELDS})
        if seen is None:
            return receipt
        return replace(receipt, checks=[seen.setdefault(tuple(c.items()), c) for c in receipt.checks])
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not a receipt: {error}") from error


def read_receipts(home: Home) -> list[Receipt]:
    """All receipts, oldest first. One that can't be read raises ValueError with its name."""
    # Most checks say the same each night. A thousand nights would otherwise take half a gigabyte of memory.
    seen: dict[Any, dict[str, Any]] = {}
    receipts = [_read(path, seen) for path in home.nights.glob("*.json")] if home.nights.is_dir() else []
    return sorted(receipts, key=lambda r: night_order(r.night_id))
