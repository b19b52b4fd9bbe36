"""Checks that the record is as it was written: every line, their order and their number."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.core import receipts
from dagster_project.core.home import Home

from .lines import START, digest, read_line
from .log import find_anchor, find_head, log_path


@dataclass
class Verdict:
    """What is wrong with the log (`faults`, none where all is as it was written), and what else is to be known (`notes`)."""

    records: int = 0
    anchor: str = ""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(home: Home, anchors: Iterable[str] = ()) -> Verdict:
    """Hold the log against its signatures, its head, the nights' receipts, and `anchors` that were kept elsewhere.

    Changes nothing. Raises AuditKeyError where the key is gone or is another.
    """
    verdict = Verdict()
    found = find_head(home)
    outer = found and find_anchor(home, found.key, found.head)
    wanted = [("the anchor given", a) for a in anchors]
    wanted += [(f"the receipt of night {r.night_id}", r.audit) for r in receipts.read_receipts(home) if r.audit]
    if outer and outer[0]:
        wanted.append(("audit.anchor", f"{outer[0].n}:{outer[0].last}"))
    if found is None:
        if wanted or home.audit_anchor_file.exists():
            verdict.faults.append("audit/head.json is gone, or all of the log is")
        else:
            verdict.notes.append("no record has been written yet")
        return verdict
    if outer and outer[1]:
        verdict.faults.append(outer[1].replace(" was ", " is ", 1))
    if found.fault:
        verdict.faults.append(found.fault.replace(" was ", " is ", 1).replace(" could not ", " can't ", 1))
    head, reader = found.head, _Reader(found.key, verdict)
    reader.read(log_path(home))
    hashes = reader.hashes
    verdict.records = len(hashes)
    if hashes:
        n = max(hashes)
        verdict.anchor = f"{n}:{hashes[n]}"
    if found.fault:
        _judge_torn(reader, verdict, max(hashes, default=0))
    elif hashes.get(head.n, START if head.n == 0 else None) != head.last:
        verdict.faults.append(f"record {head.n} was written whole, and is not in the log any more: its end was cut or changed")
        verdict.faults += [f"line {number}: is not as it was signed" for number, _ in reader.torn]
    elif reader.open_record and reader.open_record <= head.n:
        verdict.faults.append(f"line {reader.number}: its line feed was cut off")
    elif reader.torn:
        _judge_torn(reader, verdict, head.n)
    for said, kept in wanted:
        n_text, _, sha = kept.partition(":")
        if not n_text.isdigit() or hashes.get(int(n_text)) != sha:
            verdict.faults.append(f"{said} knows a record {n_text} that is not, or not so, in the log")
    return verdict


def _judge_torn(reader: "_Reader", verdict: Verdict, n: int) -> None:
    """What stands after the last whole record, with nobody yet to vouch for it."""
    for number, line in reader.torn:
        if _begins_as(line, max(reader.hashes, default=0) + 1):
            verdict.notes.append(
                f"line {number}: not finished, as its writer was killed; all {n} records before it are whole, and the next"
                " one vouches for it"
            )
        else:
            verdict.faults.append(f"line {number}: is no record, nor the beginning of one")


def _begins_as(line: bytes, n: int) -> bool:
    """Whether a line can be the beginning of record `n`."""
    start = b'{"n":%d,"at":"' % n
    return start.startswith(line[: len(start)]) and not re.search(rb"[^\x20-\x7e]", line)


class _Reader:
    """Goes through the log once. `hashes`: record -> SHA-256 of its line. `torn`: lines that nobody has vouched for yet."""

    def __init__(self, key: bytes, verdict: Verdict) -> None:
        self.key, self.verdict = key, verdict
        self.hashes: dict[int, str] = {}
        self.torn: list[tuple[int, bytes]] = []
        self.n, self.last = 0, START
        self.number = self.open_record = 0

    def read(self, path: Path) -> None:
        """Read every line; faults go to the verdict."""
        if not path.exists():
            return
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                self._line(number, line)

    def _line(self, number: int, line: bytes) -> None:
        said = read_line(self.key, line.removesuffix(b"\n"))
        faults = self.verdict.faults
        self.number = number
        if said is None:
            self.torn.append((number, line.removesuffix(b"\n")))
            return
        n, own = int(said["n"]), digest(line.removesuffix(b"\n"))
        if said["kind"] == "broken":
            faults += [f"line {torn}: is not as it was signed" for torn, _ in self.torn]
            faults.append(f"line {number}: record {n} says that the log was found changed: {said['found']}")
        elif self.torn:
            self._vouched(said, number)
        if said["kind"] != "broken" and (n != self.n + 1 or said["before"] != self.last):
            faults.append(f"line {number}: record {n} does not follow on record {self.n}: something between was changed")
        self.torn, self.n, self.last = [], n, own
        self.hashes[n] = own
        self.open_record = 0 if line.endswith(b"\n") else n

    def _vouched(self, said: dict[str, Any], number: int) -> None:
        """Hold unfinished lines against the record that found them."""
        found = [{"bytes": len(line), "sha256": digest(line)} for _, line in self.torn]
        first = self.torn[0][0]
        if said["kind"] == "healed" and said["lines"] == found:
            self.verdict.notes.append(f"line {first}: not finished, as its writer was killed; line {number} vouches for it")
            return
        self.verdict.faults.append(f"line {first}: is not as it was signed")
