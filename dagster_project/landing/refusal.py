"""Why a file is refused whole."""


class Refused(Exception):
    """A file that can't be landed. The message is the reason that the ledger gives: no cell of a row is
    in it."""


class StillChanging(Refused):
    """A file that its sender is still writing: left where it is, for the next night."""
