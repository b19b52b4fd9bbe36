"""Checks that the record is as it was written: each line, their order and their number."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.core import receipts
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted

from .lines import START, digest, read_line
from .log import find_anchor, find_head, log_path


@dataclass
class Verdict:
    """What is wrong with the log (`faults`), and what else is worth knowing (`notes`). `anchor`: of its last record."""

    records: int = 0
    anchor: str = ""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(home: Home, anchors: Iterable[str] = ()) -> Verdict:
    """Compare the log with its signatures, its head, the nights' receipts, and `anchors` that were kept elsewhere.

    Changes nothing. Raises AuditKeyError if the key is missing or is another one.
    """
    verdict = Verdict()
    log = find_head(home)
    expected_heads = [("the anchor given", a) for a in anchors]
    expected_heads += [(f"the receipt of night {r.night_id}", r.audit) for r in receipts.read_receipts(home) if r.audit]
    if log is None:
        if expected_heads or home.audit_anchor_file.exists():
            verdict.faults.append("audit/head.json is gone, or all of the log is")
        else:
            verdict.notes.append("no record has been written yet")
        return verdict
    outer, fault = find_anchor(home, log.key, log.head)
    if outer:
        expected_heads.append(("audit.anchor", f"{outer.n}:{outer.last}"))
    if fault:
        verdict.faults.append(fault.replace(" was ", " is ", 1))
    if log.fault:
        verdict.faults.append(log.fault.replace(" was ", " is ", 1).replace(" could not ", " can't ", 1))
    head, reader = log.head, _Reader(log.key, verdict)
    reader.read(log_path(home))
    hashes = reader.hashes
    verdict.records, newest = len(hashes), max(hashes, default=0)
    if hashes:
        verdict.anchor = f"{newest}:{hashes[newest]}"
    if log.fault:
        _judge_torn(reader, verdict, newest)
    elif hashes.get(head.n, START if head.n == 0 else None) != head.last:
        verdict.faults.append(f"record {head.n} was written whole, and is not in the log any more: its end was cut or changed")
        verdict.faults += [f"line {number}: is not as it was signed" for number, _ in reader.torn]
    elif reader.open_record and reader.open_record <= head.n:
        verdict.faults.append(f"line {reader.number}: its line feed was cut off")
    elif reader.torn:
        _judge_torn(reader, verdict, head.n)
    for witness, known in expected_heads:
        n_text, _, sha256 = known.partition(":")
        if not n_text.isdigit() or hashes.get(int(n_text)) != sha256:
            verdict.faults.append(f"{witness} knows a record {n_text} that is not, or not so, in the log")
    return verdict


def _judge_torn(reader: "_Reader", verdict: Verdict, n: int) -> None:
    """Judge the lines after the last whole record: unfinished ones of a killed writer, or something else."""
    for number, line in reader.torn:
        if _is_start_of(line, max(reader.hashes, default=0) + 1):
            verdict.notes.append(
                f"line {number}: not finished, as its writer was killed; {counted(n, 'whole record')} before it, and the next"
                " one vouches for it"
            )
        else:
            verdict.faults.append(f"line {number}: is no record, nor the beginning of one")


def _is_start_of(line: bytes, n: int) -> bool:
    """Whether a line can be the start of record `n`."""
    start = b'{"n":%d,"at":"' % n
    return start.startswith(line[: len(start)]) and not re.search(rb"[^\x20-\x7e]", line)


class _Reader:
    """Reads the log once. `hashes`: record -> SHA-256 of its line. `torn`: incomplete lines, not confirmed so far."""

    def __init__(self, key: bytes, verdict: Verdict) -> None:
        self.key, self.verdict = key, verdict
        self.hashes: dict[int, str] = {}
        self.torn: list[tuple[int, bytes]] = []
        self.n = 0
        self.last: str = START
        self.number = self.open_record = 0

    def read(self, path: Path) -> None:
        """Read every line, and add its faults to the verdict."""
        if path.exists():
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    self._read_line(number, line.removesuffix(b"\n"), is_open=not line.endswith(b"\n"))

    def _read_line(self, number: int, line: bytes, *, is_open: bool) -> None:
        self.number = number
        content, faults = read_line(self.key, line), self.verdict.faults
        if content is None:
            self.torn.append((number, line))
            return
        n, line_digest = int(content["n"]), digest(line)
        if content["kind"] == "broken":
            faults += [f"line {torn}: is not as it was signed" for torn, _ in self.torn]
            faults.append(f"line {number}: record {n} says that the log was found changed: {content['found']}")
        elif self.torn:
            self._compare_torn(content, number)
        if content["kind"] != "broken" and (n != self.n + 1 or content["before"] != self.last):
            faults.append(f"line {number}: record {n} does not follow on record {self.n}: something between was changed")
        self.torn = []
        self.n, self.last = n, line_digest
        self.hashes[n] = line_digest
        self.open_record = n if is_open else 0

    def _compare_torn(self, content: dict[str, Any], number: int) -> None:
        lines = [{"bytes": len(line), "sha256": digest(line)} for _, line in self.torn]
        first = self.torn[0][0]
        if content["kind"] == "healed" and content["lines"] == lines:
            self.verdict.notes.append(f"line {first}: not finished, as its writer was killed; line {number} vouches for it")
            return
        self.verdict.faults.append(f"line {first}: is not as it was signed")
