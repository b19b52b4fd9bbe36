"""The log of alerts, `nights/alerts.jsonl`: one line for each message and each attempt to deliver it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dagster_project.core.files import make_folder
from dagster_project.core.home import Home

from .message_formats import Message

NAME = "alerts.jsonl"


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a message. `error`: None if it was delivered."""

    id: str
    at: str
    channel: str
    error: str | None


class AlertLog:
    """A home's `nights/alerts.jsonl`. Lines are only ever added; an incomplete line, after a crash, is ignored."""

    def __init__(self, home: Home) -> None:
        self.path: Path = home.nights / NAME

    def read(self) -> tuple[list[Message], list[Attempt]]:
        """Messages and attempts, oldest first. Creates no file."""
        lines: list[Message | Attempt] = []
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            with suppress(ValidationError):
                lines.append(_line().validate_json(line))
        return [x for x in lines if isinstance(x, Message)], [x for x in lines if isinstance(x, Attempt)]

    def add(self, item: Message | Attempt) -> None:
        """Add a line, on disk when this returns. Raises OSError."""
        if isinstance(item, Message):
            # Of thousands of refused files, only those that the message lists. All late extracts, to know what was reported.
            late = [e for e in item.events if e.kind == "late"]
            not_late = [e for _, group, _ in item.grouped() for e in group if e.kind != "late"]
            item = replace(item, events=(*late, *not_late))
        make_folder(self.path.parent)
        line = _line().dump_json(item) + b"\n"
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def locked(self) -> Generator[None]:
        """Lock the log, so that two processes do not send the same alert. Without effect in a home that can't be written."""
        try:
            make_folder(self.path.parent)
            handle = open(os.open(self.path.with_name(f".{NAME}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "rb")  # noqa: SIM115
        except OSError:
            yield
            return
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


@cache
def _line() -> TypeAdapter[Any]:
    """What writes and reads a line. Made at first use, because making one takes milliseconds."""
    either: Any = Message | Attempt
    return TypeAdapter(either)
