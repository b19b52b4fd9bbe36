"""The record, for those who may read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..settings import Home
from .key import find_key
from .lines import read_line
from .log import log_path, read_head


@dataclass(frozen=True)
class Record:
    """One record. `at`: UTC, ISO 8601. `facts`: all else that it says."""

    n: int
    at: str
    kind: str
    who: str
    facts: dict[str, Any]


def read_log(home: Home) -> Iterator[Record]:
    """All records that are as they were signed, oldest first; `verify` says whether that is all. Raises AuditKeyError."""
    head = read_head(home)
    if head is None or not log_path(home).exists():
        return
    key = find_key(home, head.key)
    with log_path(home).open("rb") as file:
        for line in file:
            if said := read_line(key, line.rstrip(b"\n")):
                own = {k: v for k, v in said.items() if k not in ("n", "at", "kind", "who", "before", "mac")}
                yield Record(int(said["n"]), str(said["at"]), str(said["kind"]), str(said["who"]), own)
