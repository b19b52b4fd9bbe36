"""Writes the record: one writer at a time, each line on disk before the work goes on.

Besides the log stands its head, `audit/head.json`: how many records were written whole, and the last one's hash. A log
that is shorter was cut; one that is longer by what a killed writer had not signed for yet is none the worse. A line that a
killed writer left unfinished stays where it is, and the next record, of the kind `healed`, vouches for it.

The same is kept in `audit.anchor`, beside the folder: an earlier copy of the folder that is put back, head and all, does not
agree with it.

A head that is gone, can't be read or is not as it was signed vouches for nothing. The next record makes it anew from the
log, so that nothing stands still, and a record of the kind `broken` before it says so for good.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

from .key import REMEDY, AuditKeyError, find_audit_key, fingerprint
from .lines import START, digest, read_line, sign, write_line
from .who import who

Kind = Literal["collection", "consultation", "disclosure", "alteration", "combination", "erasure"]
KINDS: tuple[str, ...] = get_args(Kind)
OWN_KINDS = ("healed", "broken")
"""Of the log itself: it found a line that a killed writer left unfinished; or that what was written whole has changed."""

RESERVED = ("n", "at", "kind", "who", "before", "mac")
CHUNK = 1 << 16
BACK = 1 << 20
"""Bytes from its end in which the log's last record is looked for."""


@dataclass(frozen=True)
class Head:
    """How far the log was written whole. `last`: SHA-256 of its last line. `anchored`: whether `audit.anchor` must be there."""

    n: int
    last: str
    key: str
    anchored: bool = False

    def signed(self, key: bytes) -> bytes:
        """The file's content."""
        said = {"n": self.n, "last": self.last, "key": self.key, **({"anchored": True} if self.anchored else {})}
        body = json.dumps(said, separators=(",", ":"))
        return (body[:-1] + f',"mac":"{sign(key, body.encode("ascii"))}"}}\n').encode("ascii")


@dataclass(frozen=True)
class LogHead:
    """A log's head, and its key. `fault`: what is wrong with the head, whose place an empty one then takes."""

    head: Head
    key: bytes
    fault: str = ""


@dataclass(frozen=True)
class End:
    """Where the log ends. `torn`: lines after the last whole one. `broken`: what has changed that was whole, if anything."""

    n: int
    last: str
    torn: tuple[bytes, ...]
    open: bool
    broken: str = ""


def log_path(home: Home) -> Path:
    """The log."""
    return home.audit / "log.jsonl"


def head_path(home: Home) -> Path:
    """Its head."""
    return home.audit / "head.json"


def record(home: Home, kind: Kind, **facts: Any) -> int:
    """Write one record; it is on disk when this returns its number. See `record_all`."""
    return record_all(home, [(kind, facts)])


def record_all(home: Home, records: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Write records, in their order, with the time (UTC) and the user of the process. Returns the last one's number.

    Facts are for those who may read the log: no row, no value of one. Blank ones (None, "") are left out. Raises
    AuditKeyError where the key is not the log's, ValueError for a kind that there is not or a fact by a name of `RESERVED`,
    and OSError.
    """
    chosen = list(records)
    if unknown := {kind for kind, _ in chosen} - set(KINDS):
        raise ValueError(f"no kind of record: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if taken := {name for _, facts in chosen for name in facts if name in RESERVED}:
        raise ValueError(f"facts can't be called {', '.join(sorted(taken))}: the record has these of its own")
    make_folder(home.audit)
    with _alone(home):
        found = find_head(home) or _begin(home)
        key, end = found.key, find_end(home, found.key, found.head)
        outer, fault = find_anchor(home, key, found.head)
        if outer and not end.broken:
            end = _held_against(end, outer, f"audit.anchor knows a record {outer.n}")
        if fault or found.fault:
            end = replace(end, broken=found.fault or fault)
        lines, n, last = [], end.n, end.last
        if end.broken or end.torn:
            chosen.insert(0, _finding(end))
        for kind, facts in chosen:
            n += 1
            said = {k: v for k, v in facts.items() if v is not None and v != ""}
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = write_line(key, n, {"at": at, "kind": kind, "who": who(), **said}, last)
            lines.append(line)
            last = digest(line)
        _append(log_path(home), (b"\n" if end.open else b"") + b"".join(line + b"\n" for line in lines))
        head = Head(n, last, fingerprint(key), anchored=bool(outer or fault))
        write_whole(head_path(home), head.signed(key))
        # Last: a writer that is killed before leaves one that knows less, and never more.
        write_whole(home.audit_anchor_file, head.signed(key))
    return n


def find_anchor(home: Home, key: bytes, head: Head) -> tuple[Head | None, str]:
    """What `audit.anchor` says, None where there is none to go by; and what is wrong with it, if anything."""
    try:
        data = home.audit_anchor_file.read_bytes()
    except FileNotFoundError:
        return None, "audit.anchor was gone" if head.anchored else ""
    said = _said(data)
    if said is None or data != said.signed(key):
        return None, "audit.anchor was not as it was signed"
    return said, ""


@contextlib.contextmanager
def told_before(
    home: Home, records: Sequence[tuple[str, Mapping[str, Any]]], *, is_done: Callable[[], bool], **facts: Any
) -> Iterator[None]:
    """Put on record what is about to be done within; where that fails, a further record says what did not come about.

    The first records come first, so that who is killed in between is on record with what may have happened. The further one is
    a disclosure with `facts` and, as `withdraws`, the numbers of the first ones; none is written where `is_done` says that it
    was done all the same. Raises as `record_all`, and what is raised within.
    """
    last = record_all(home, records)
    try:
        yield
    except BaseException:
        # Where even this can't be written, the record errs on the safe side.
        with contextlib.suppress(Exception):
            if not is_done():
                record(home, "disclosure", withdraws=[*range(last - len(records) + 1, last + 1)], **facts)
        raise


def anchor(home: Home) -> str:
    """`<number>:<hash>` of the last record, to be kept elsewhere: `pam audit verify` holds the log against it.

    Blank where there is none, or none can be vouched for.
    """
    try:
        found = find_head(home)
    except AuditKeyError:
        return ""
    return f"{found.head.n}:{found.head.last}" if found and not found.fault else ""


def find_head(home: Home) -> LogHead | None:
    """The log's head and key; None where no log was begun.

    Where the head is not as it was signed, `fault` says so, and it vouches for nothing. Raises AuditKeyError where there is no
    key, or the log is not of this one: neither the head nor a record at the log's end.
    """
    try:
        data = head_path(home).read_bytes()
    except FileNotFoundError:
        if not log_path(home).exists():
            return None
        data = b""
    key = find_audit_key(home)
    own, head, fault = fingerprint(key), _said(data), "audit/head.json was gone"
    if head and data == head.signed(key):
        return LogHead(head, key)
    if data or head_path(home).exists():
        fault = "audit/head.json was not as it was signed" if head else "audit/head.json could not be read"
    lines = _last_lines(home)[0]
    # Of a damaged head, the log knows better whose it is.
    if not (head and head.key == own) and (head or lines) and not any(read_line(key, line) for line in lines):
        begun = f"the log was begun with the key with fingerprint {head.key}" if head else "no record at the log's end is of it"
        raise AuditKeyError(
            f"the audit key has changed: {begun}, this one has {own}, and earlier records could not be verified. {REMEDY}"
        )
    return LogHead(Head(0, START, own), key, fault)


def _said(data: bytes) -> Head | None:
    """What a head says, its signature not looked at; None where it can't be read."""
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
            file.seek(max(0, size - BACK))
            data = file.read()
    except FileNotFoundError:
        data = b""
    pieces = data.split(b"\n")
    is_open = bool(pieces[-1])
    return pieces if is_open else pieces[:-1], is_open


def find_end(home: Home, key: bytes, head: Head) -> End:
    """Where the log ends, and whether it still has all that the head vouches for."""
    pieces, is_open = _last_lines(home)
    torn: list[bytes] = []
    while pieces and (said := read_line(key, pieces[-1])) is None:
        torn.insert(0, pieces.pop())
    whole = bool(pieces)
    n, last = (int(said["n"]), digest(pieces[-1])) if whole and said else (0, START)
    # `is_open` and nothing torn: a record without its line feed is whole, and not ended yet.
    return _held_against(End(n, last, tuple(torn), is_open), head)


def _held_against(end: End, head: Head, told: str = "") -> End:
    if end.n < head.n or (end.n == head.n and end.last != head.last):
        said = f"{told or f'record {head.n} was written whole'}, and the log ends with record {end.n}"
        return End(head.n, _last_line(end), end.torn, end.open, said)
    return end


def _last_line(end: End) -> str:
    return digest(end.torn[-1]) if end.torn else end.last


def _finding(end: End) -> tuple[str, dict[str, Any]]:
    lines = [{"bytes": len(t), "sha256": digest(t)} for t in end.torn]
    if end.broken:
        return "broken", {"found": end.broken, "lines": lines}
    return "healed", {"found": "a line that was not finished: its writer was killed", "lines": lines}


def _begin(home: Home) -> LogHead:
    """The head of a log that is begun now: it is made before the first line."""
    key = find_audit_key(home, make=True)
    head = Head(0, START, fingerprint(key))
    write_whole(head_path(home), head.signed(key))
    return LogHead(head, key)


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            while piece:
                piece = piece[os.write(handle, piece) :]
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    with open(os.open(home.audit / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
