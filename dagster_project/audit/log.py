"""Writing the record: one writer at a time, each line on disk before anybody goes on.

Besides the log stands its head, `audit/head.json`: how many records were written whole, and the last one's hash. A log
that is shorter was cut; one that is longer by what a killed writer had not signed for yet is none the worse. A line that a
killed writer left unfinished stays where it is, and the next record, of the kind `healed`, vouches for it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from ..landing.files import make_folder, write_whole
from ..settings import Home
from .key import find_key, fingerprint
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
    """How far the log was written whole. `last`: SHA-256 of its last line."""

    n: int
    last: str
    key: str

    def signed(self, key: bytes) -> bytes:
        """The file's content."""
        body = json.dumps(self.__dict__, separators=(",", ":"))
        return (body[:-1] + f',"mac":"{sign(key, body.encode("ascii"))}"}}\n').encode("ascii")


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
        head, lost = _begin(home)
        key = find_key(home, head.key)
        end = find_end(home, key, head)
        if lost:
            end = replace(end, broken="audit/head.json was gone")
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
        write_whole(head_path(home), Head(n, last, head.key).signed(key))
    return n


def anchor(home: Home) -> str:
    """`<number>:<hash>` of the last record, to be kept elsewhere: `pam audit verify` holds the log against it."""
    head = read_head(home)
    return f"{head.n}:{head.last}" if head else ""


def read_head(home: Home) -> Head | None:
    """The head as it stands, its signature not looked at; None where no log was begun. Raises ValueError."""
    try:
        body = json.loads(head_path(home).read_bytes())
        return Head(int(body["n"]), str(body["last"]), str(body["key"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("audit/head.json is not as it was written: `pam audit verify` says what else is not") from error


def find_end(home: Home, key: bytes, head: Head) -> End:
    """Where the log ends, and whether it still has all that the head vouches for."""
    try:
        with log_path(home).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - BACK))
            data = file.read()
    except FileNotFoundError:
        data = b""
    pieces = data.split(b"\n")
    is_open = bool(pieces.pop())
    if is_open:
        pieces.append(data.rsplit(b"\n", 1)[-1])
    torn: list[bytes] = []
    while pieces and (said := read_line(key, pieces[-1])) is None:
        torn.insert(0, pieces.pop())
    whole = bool(pieces)
    n, last = (int(said["n"]), digest(pieces[-1])) if whole and said else (0, START)
    if not torn and is_open:
        # A record without its line feed: whole, and not ended yet.
        return _held_against(End(n, last, (), True), head)
    return _held_against(End(n, last, tuple(torn), is_open), head)


def _held_against(end: End, head: Head) -> End:
    if end.n < head.n or (end.n == head.n and end.last != head.last):
        said = f"record {head.n} was written whole, and the log ends with record {end.n}"
        return End(head.n, _last_line(end), end.torn, end.open, said)
    return end


def _last_line(end: End) -> str:
    return digest(end.torn[-1]) if end.torn else end.last


def _finding(end: End) -> tuple[str, dict[str, Any]]:
    lines = [{"bytes": len(t), "sha256": digest(t)} for t in end.torn]
    if end.broken:
        return "broken", {"found": end.broken, "lines": lines}
    return "healed", {"found": "a line that was not finished: its writer was killed", "lines": lines}


def _begin(home: Home) -> tuple[Head, bool]:
    """The head, and whether it was lost. Of a log that is begun now, it is made before the first line."""
    head = read_head(home)
    if head is not None:
        return head, False
    key = find_key(home, None)
    head = Head(0, START, fingerprint(key))
    write_whole(head_path(home), head.signed(key))
    return head, log_path(home).exists()


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
