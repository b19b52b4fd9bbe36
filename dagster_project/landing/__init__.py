"""A file's way in: from the inbox to raw Parquet, the quarantine and the ledger."""

from .land import land_files
from .ledger import Counts, LedgerEntry, accepted, counts, read_ledger
from .names import InboxFile, find_files
from .pseudonyms import PseudonymKeyError
from .release import NotHeld, release_load

__all__ = [
    "Counts",
    "InboxFile",
    "LedgerEntry",
    "NotHeld",
    "PseudonymKeyError",
    "accepted",
    "counts",
    "find_files",
    "land_files",
    "read_ledger",
    "release_load",
]
