"""Reads the record, for those who may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dagster_project.core.home import Home

from .lines import read_line
from .log import find_head, log_path


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
    found = find_head(home)
    if found is None or not log_path(home).exists():
        return
    with log_path(home).open("rb") as file:
        for line in file:
            if said := read_line(found.key, line.rstrip(b"\n")):
                own = {k: v for k, v in said.items() if k not in ("n", "at", "kind", "who", "before", "mac")}
                yield Record(int(said["n"]), str(said["at"]), str(said["kind"]), str(said["who"]), own)
