"""A file's way in: from the inbox to raw Parquet, the quarantine and the ledger.

`land_file` takes the steps, in this order: open a container (`open_file`, `excel`, `csv_reader`, `parquet`), find the header
(`header_row`, `header`), apply a force's mapping (`mappings`, `mapped_values`), check each row (`row_rules`, `excluded_rows`),
doubt the file as a whole (`plausibility`), and store it (`raw_store`, `ledger`).
"""

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
