"""Why a file is refused whole."""


class Refused(Exception):
    """A file that can't be landed. The message is the reason that the ledger gives: no cell of a row is
    in it."""


class Waits(Refused):
    """A file that can't be decided on yet: left where it is, not written down, and looked at again the next night."""


class StillChanging(Waits):
    """A file that its sender is still writing."""
