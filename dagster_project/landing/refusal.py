"""The reasons for refusing a whole file."""


SHOWN = 60
"""Characters of a name or a header that a reason repeats."""


def shown(text: str) -> str:
    """The beginning of a name or header, as one line that can be printed: what can't be is spelled out (`\\u2028`)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:SHOWN])


class Refused(Exception):
    """A file that can't be landed. The message is the reason that the ledger gives: no cell of a row is
    in it."""


class TooLarge(Refused):
    """A file that needs more memory than landing may have. `spilled`: and more of the disk, too."""

    def __init__(self, spilled: bool = False) -> None:
        also = " and for what a night may spill to the disk ([night] spill)" if spilled else ""
        super().__init__(f"too large for this machine's memory{also}: split it by time, into files of shorter windows")


class Waits(Refused):
    """A file that can't be decided on yet: left where it is, not written down, and looked at again the next night."""


class StillChanging(Waits):
    """A file that its sender is still writing."""
