"""A file's way in: from the inbox to raw Parquet, the quarantine and the ledger."""

from .file_names import InboxFile, find_files
from .land import land_files
from .ledger import Counts, LedgerEntry, accepted, counts, read_ledger
from .pseudonyms import PseudonymKeyError
from .release_held import NotHeld, release_load
from .retention import Erasure, archive_size, erase_expired, erase_old, erased_loads, read_erasures

__all__ = [
    "Counts", "Erasure", "InboxFile", "LedgerEntry", "NotHeld", "PseudonymKeyError", "accepted", "archive_size", "counts",
    "erase_expired", "erase_old", "erased_loads", "find_files", "land_files", "read_erasures", "read_ledger", "release_load",
]  # fmt: skip
