"""Writes the record: one writer at a time, and each line is on disk before the work it records goes on.

The log's head, `audit/head.json`, says how many records were fully written, and the last one's hash. A shorter log was cut. A
longer one is sound: its writer was killed before it wrote the head. A line that a killed writer left unfinished stays where it
is, and the next record, of the kind `healed`, confirms it.

`audit.anchor`, next to the folder, says the same: it shows if an earlier copy of the whole folder was put back.

A head that is missing, unreadable or wrongly signed proves nothing. The next write makes it again from the log, so that work
can go on, and first adds a record of the kind `broken`, which stays.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

from .lines import (
    REMEDY,
    START,
    AuditKeyError,
    digest,
    fingerprint,
    make_audit_key,
    read_audit_key,
    read_line,
    sign,
    write_line,
)
from .who import who

Kind = Literal["collection", "consultation", "disclosure", "alteration", "combination", "erasure"]
KINDS: tuple[str, ...] = get_args(Kind)
OWN_KINDS = ("healed", "broken")
"""Records about the log itself: a line that a killed writer left unfinished; a change to what was fully written."""

RESERVED = ("n", "at", "kind", "who", "before", "mac")
TAIL_BYTES = 1 << 20
"""How many bytes from the log's end are read to find its last record."""


@dataclass(frozen=True)
class Head:
    """How far the log was fully written: `n` records; `last`: SHA-256 of the last one's line; `key`: the key's fingerprint;
    `anchored`: whether `audit.anchor` must exist.
    """

    n: int
    last: str
    key: str
    anchored: bool = False

    def signed(self, key: bytes) -> bytes:
        """The file's content."""
        content = {"n": self.n, "last": self.last, "key": self.key, **({"anchored": True} if self.anchored else {})}
        body = json.dumps(content, separators=(",", ":"))
        return (body[:-1] + f',"mac":"{sign(key, body.encode("ascii"))}"}}\n').encode("ascii")


@dataclass(frozen=True)
class LogHead:
    """A log's head, and its key. `fault`: what is wrong with the head file, if anything; `head` is then an empty one."""

    head: Head
    key: bytes
    fault: str = ""


@dataclass(frozen=True)
class End:
    """Where the log ends. `n`, `last`: its last whole record. `torn`: incomplete lines after that. `open`: whether the last
    line lacks its line feed. `broken`: which fully written record has changed, if any.
    """

    n: int
    last: str
    torn: tuple[bytes, ...]
    open: bool
    broken: str = ""


def log_path(home: Home) -> Path:
    return home.audit / "log.jsonl"


def head_path(home: Home) -> Path:
    return home.audit / "head.json"


def record(home: Home, kind: Kind, **facts: Any) -> int:
    """Write one record; it is on disk when this returns its number. See `record_all`."""
    return record_all(home, [(kind, facts)])


def record_all(home: Home, records: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Write records in their order, with the time (UTC) and the user of the process. Returns the last one's number.

    Facts must hold no row and no value of one. Blank ones (None, "") are left out. Raises AuditKeyError if the key is not the
    log's, ValueError for an unknown kind or a fact named like a field in `RESERVED`, and OSError.
    """
    new = list(records)
    if unknown := {kind for kind, _ in new} - set(KINDS):
        raise ValueError(f"unknown kind of record: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if reserved := {name for _, facts in new for name in facts if name in RESERVED}:
        raise ValueError(f"facts can't be called {', '.join(sorted(reserved))}: every record has fields of these names")
    make_folder(home.audit)
    with _locked(home):
        log = find_head(home) or _start_log(home)
        key, end = log.key, _find_end(home, log.key, log.head)
        outer, fault = find_anchor(home, key, log.head)
        if outer and not end.broken:
            end = _check_end(end, outer, f"audit.anchor knows a record {outer.n}")
        if fault or log.fault:
            end = replace(end, broken=log.fault or fault)
        lines: list[bytes] = []
        n, last = end.n, end.last
        if end.broken or end.torn:
            new.insert(0, _describe_fault(end))
        for kind, facts in new:
            n += 1
            stated = {k: v for k, v in facts.items() if v is not None and v != ""}
            recorded_at = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = write_line(key, n, {"at": recorded_at, "kind": kind, "who": who(), **stated}, last)
            lines.append(line)
            last = digest(line)
        _append(log_path(home), (b"\n" if end.open else b"") + b"".join(line + b"\n" for line in lines))
        head = Head(n, last, fingerprint(key), anchored=bool(outer or fault))
        write_whole(head_path(home), head.signed(key))
        # Last, so that a writer that is killed leaves an anchor that knows fewer records than the log has, never more.
        write_whole(home.audit_anchor_file, head.signed(key))
    return n


def find_anchor(home: Home, key: bytes, head: Head) -> tuple[Head | None, str]:
    """What `audit.anchor` says, or None if it is missing or wrong; and what is wrong with it, if anything."""
    try:
        data = home.audit_anchor_file.read_bytes()
    except FileNotFoundError:
        return None, "audit.anchor was gone" if head.anchored else ""
    outer = _parse_head(data)
    if outer is None or data != outer.signed(key):
        return None, "audit.anchor was not as it was signed"
    return outer, ""


@contextlib.contextmanager
def record_first(
    home: Home, records: Sequence[tuple[str, Mapping[str, Any]]], *, is_done: Callable[[], bool], **facts: Any
) -> Generator[None]:
    """Write records of what the block is about to do; if it fails, write one that withdraws them.

    The records come first, so that a process that is killed in between has recorded what it may have done. The withdrawal is a
    disclosure with `facts` and the numbers of the records as `withdraws`. It is not written if `is_done` returns true: the
    block failed after the deed. Raises as `record_all`, and whatever the block raises.
    """
    last = record_all(home, records)
    try:
        yield
    except BaseException:
        # If even this can't be written, the record says too much, which is the safe side.
        with contextlib.suppress(Exception):
            if not is_done():
                record(home, "disclosure", withdraws=[*range(last - len(records) + 1, last + 1)], **facts)
        raise


def anchor(home: Home) -> str:
    """`<number>:<hash>` of the last record, to be kept elsewhere: `pam audit verify` compares the log with it.

    Blank if there is no record, no key, or no sound head.
    """
    try:
        log = find_head(home)
    except AuditKeyError:
        return ""
    return f"{log.head.n}:{log.head.last}" if log and not log.fault else ""


def find_head(home: Home) -> LogHead | None:
    """The log's head and key; None if no log was started.

    If the head is missing or wrong, `fault` says so, and `head` is empty. Raises AuditKeyError if there is no key, or if
    neither the head nor any record at the log's end was signed with this one.
    """
    try:
        data = head_path(home).read_bytes()
    except FileNotFoundError:
        if not log_path(home).exists():
            return None
        data = b""
    key = read_audit_key(home)
    key_id, head, fault = fingerprint(key), _parse_head(data), "audit/head.json was gone"
    if head and data == head.signed(key):
        return LogHead(head, key)
    if data or head_path(home).exists():
        fault = "audit/head.json was not as it was signed" if head else "audit/head.json could not be read"
    lines = _last_lines(home)[0]
    # The head is damaged, so the log's own lines decide whether this is their key.
    if not (head and head.key == key_id) and (head or lines) and not any(read_line(key, line) for line in lines):
        other = f"the log was begun with the key with fingerprint {head.key}" if head else "no record at the log's end is of it"
        raise AuditKeyError(
            f"the audit key has changed: {other}, this one has {key_id}, and earlier records could not be verified. {REMEDY}"
        )
    return LogHead(Head(0, START, key_id), key, fault)


def _parse_head(data: bytes) -> Head | None:
    """A head's content, without checking its signature; None if it can't be read."""
    try:
        body = json.loads(data)
        return Head(int(body["n"]), str(body["last"]), str(body["key"]), body.get("anchored") is True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _last_lines(home: Home) -> tuple[list[bytes], bool]:
    """The log's last lines, and whether the last of them lacks its line feed."""
    try:
        with log_path(home).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            data = file.read()
    except FileNotFoundError:
        data = b""
    pieces = data.split(b"\n")
    is_open = bool(pieces[-1])
    return pieces if is_open else pieces[:-1], is_open


def _find_end(home: Home, key: bytes, head: Head) -> End:
    """Where the log ends, and whether it still has all the records that the head counts."""
    lines, is_open = _last_lines(home)
    torn: list[bytes] = []
    last: dict[str, Any] | None = None
    while lines and (last := read_line(key, lines[-1])) is None:
        torn.insert(0, lines.pop())
    n, sha256 = (int(last["n"]), digest(lines[-1])) if last else (0, START)
    # Open with nothing torn: the last record is whole, and lacks only its line feed.
    return _check_end(End(n, sha256, tuple(torn), is_open), head)


def _check_end(end: End, head: Head, witness: str = "") -> End:
    """The end with `broken` set, if the log lacks the last record that a head counts, or has another in its place."""
    if end.n < head.n or (end.n == head.n and end.last != head.last):
        broken = f"{witness or f'record {head.n} was written whole'}, and the log ends with record {end.n}"
        return End(head.n, digest(end.torn[-1]) if end.torn else end.last, end.torn, end.open, broken)
    return end


def _describe_fault(end: End) -> tuple[str, dict[str, Any]]:
    """The kind and facts of the record that says what is wrong with the log's end."""
    lines = [{"bytes": len(t), "sha256": digest(t)} for t in end.torn]
    if end.broken:
        return "broken", {"found": end.broken, "lines": lines}
    return "healed", {"found": "a line that was not finished: its writer was killed", "lines": lines}


def _start_log(home: Home) -> LogHead:
    """Start a log: its head is written before its first line."""
    key = make_audit_key(home)
    head = Head(0, START, fingerprint(key))
    write_whole(head_path(home), head.signed(key))
    return LogHead(head, key)


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(home: Home) -> Generator[None]:
    with open(os.open(home.audit / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
