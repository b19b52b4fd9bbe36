"""Reads the record, for those who may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dagster_project.core.home import Home

from .lines import read_line
from .log import RESERVED, find_head, log_path


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
