"""A file's way in: from the inbox to raw Parquet, the quarantine and the ledger.

`land` lands the files of a night, `land_file` one of them, in these steps:

1. Find the file in the inbox (`inbox`) and its mapping (`mappings`), and unpack it (`formats`).
2. `read_file_rows`: open its table (`opening`), read its cells (`formats`), and check each row (`rows`;
   `rows_not_to_count` finds totals, notes, examples, broken references, and columns that call a row deleted).
3. Doubt the file as a whole (`doubts`).
4. Is it known (its bytes: `storage`; its rows: `same_rows_again`), retracted, or the second of one extraction?
5. `store_file`: store its rows and its entry (`storage`), and compare it with what is stored (`doubts`).
   `same_time_conflicts` withholds rows on which two files of one extraction time differ.

Before: `complete_inbox` says whether all files have come, so that a night can start early. Afterwards: `release_held` accepts
a held file, `retract` takes back what was accepted wrongly, `reconciliation` checks that every row is accounted for.
`interrupted_landing` cleans up after a landing that was killed. `landing_session` is what the files of a night share,
`reading_budget` how much is read at one time, `refusal` the error that refuses a file. Which rows a newer file replaces or
withdraws is decided by `dbt/models/staging/superseded_rows.sql`, for all files at once. `blank_extract` writes an empty file
to start an export from.

The packages import one way: `mappings`, `inbox`, `formats`, `rows`, `storage`, `opening`, `doubts`, each only those before it.
"""

from .inbox.file_names import InboxFile, find_files
from .land import land_files
from .release_held import NotHeld, release_load
from .rows.pseudonyms import PseudonymKeyError
from .storage.erase_unused import (
    Erasure,
    archive_size,
    erase_old_lists,
    erase_old_originals,
    erase_unused_loads,
    erased_loads,
    read_erasures,
)
from .storage.ledger import Counts, LedgerEntry, accepted, counts, read_ledger

__all__ = [
    "Counts", "Erasure", "InboxFile", "LedgerEntry", "NotHeld", "PseudonymKeyError", "accepted", "archive_size", "counts",
    "erase_old_lists", "erase_old_originals", "erase_unused_loads", "erased_loads", "find_files", "land_files", "read_erasures",
    "read_ledger", "release_load",
]  # fmt: skip
