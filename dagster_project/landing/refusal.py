"""The reasons for refusing a whole file."""

_WHEN_DONE = "it will be read when its sender is done"
_AGAIN = "it will be read again"
WAITS = "waits in the inbox until a mapping is corrected"
"""How the reason starts for a file that can't be read until its mapping is corrected: alerts find it by these words."""
MIXED = "waits in the inbox: this file is made up (SAMPLE), and the home's files are real"
CHANGED = f"changed within the last {{seconds:g}} s ([night] settled_seconds): {_WHEN_DONE}"
OPEN_FOR_WRITING = f"a program still has it open for writing: {_WHEN_DONE}"
CHANGED_MEANWHILE = f"changed while it was read: {_AGAIN}"
"""The other reasons of files that wait."""
LONGEST_SHOWN = 60
"""Characters of a name or a header that a reason repeats."""


def printable(text: str, length: int | None = LONGEST_SHOWN) -> str:
    """The beginning of a text (`length` None: all of it) as one printable line: other characters are escaped (`\\u2028`)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:length])


class Refused(Exception):
    """A file that can't be landed. The message is the reason in the ledger, and never contains a cell of a row."""


class TooLarge(Refused):
    """A file that needs more memory than landing may use. `spilled`: and more disk space, too."""

    def __init__(self, spilled: bool = False) -> None:
        also = " and for what a night may spill to the disk ([night] spill)" if spilled else ""
        super().__init__(f"too large for this machine's memory{also}: split it by time, into files of shorter windows")


class StaysInInbox(Refused):
    """A file that can't be decided on yet: it stays in the inbox, without a line in the ledger, for the next night."""


def is_waiting(reason: str | None) -> bool:
    """Whether this is the reason of a `StaysInInbox`. Its entry has the outcome `refused`, as of all that did not land."""
    return bool(reason) and (reason.startswith((WAITS, MIXED)) or reason.endswith((_WHEN_DONE, _AGAIN)))
