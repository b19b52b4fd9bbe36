"""Reads the record, for those who may see it, and withdraws what was recorded and not done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dagster_project.core.home import Home

from .lines import read_line
from .log import RESERVED, find_head, log_path, record


@dataclass(frozen=True)
class Record:
    """One record. `at`: UTC, ISO 8601. `facts`: its other fields."""

    n: int
    at: str
    kind: str
    who: str
    facts: dict[str, Any]


def read_log(home: Home) -> Iterator[Record]:
    """All correctly signed records, oldest first; `verify` says whether any is missing or changed. Raises AuditKeyError."""
    log = find_head(home)
    if log is None or not log_path(home).exists():
        return
    with log_path(home).open("rb") as file:
        for line in file:
            if content := read_line(log.key, line.rstrip(b"\n")):
                facts = {k: v for k, v in content.items() if k not in RESERVED}
                yield Record(int(content["n"]), str(content["at"]), str(content["kind"]), str(content["who"]), facts)


def withdraw_undone(home: Home, what: str, night_id: str, since: str) -> list[int]:
    """Withdraw a night's disclosures `what` that were recorded at or after `since` (ISO 8601) and are not withdrawn yet: the
    process was killed between the record and the deed, as the next night finds. Returns their numbers, if any.

    Raises AuditKeyError and OSError.
    """
    disclosed: list[int] = []
    withdrawn: set[int] = set()
    start = datetime.fromisoformat(since)
    for r in read_log(home):
        withdrawn |= set(r.facts.get("withdraws", ()))
        is_of_night = r.kind == "disclosure" and r.facts.get("what") == what and r.facts.get("night_id") == night_id
        if is_of_night and datetime.fromisoformat(r.at) >= start:
            disclosed.append(r.n)
    if undone := [n for n in disclosed if n not in withdrawn]:
        record(home, "disclosure", what=f"not {what}", night_id=night_id, withdraws=undone, found_by="the next night")
    return undone
