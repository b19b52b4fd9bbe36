"""A file's way in: from the inbox to raw Parquet, the quarantine and the ledger.

- Which file it is: `file_names` reads its name, `choose_mapping` and `file_name_patterns` find the force's mapping for it.
- `land_file` takes the steps, in this order, and keeps what it learns in `file_facts`:
  1. Unpack it (`containers`).
  2. `read_file_rows`: read its rows (`open_file`, `csv_reader`, `excel` with `failed_and_hidden_cells`, `parquet`), find the
     header (`header_row`) and its columns (`header_columns`), apply the mapping (`mappings`) and read each cell as its type
     (`canonical_values`), leave out what is no record (`record_rows`), and check each row (`row_rules`, with the SQL of
     `sheet`; `words_of_no_record` has totals, notes, examples and broken references; `duplicate_rows`).
  3. `hold_reasons`: doubt the file as a whole (`plausibility`, `other_sheets`, `text_around_table`, `uncertain_dates`).
  4. `dropped_again`: is it known, retracted, or the second of one extraction?
  5. `store_file`: store it (`raw_store`, `ledger`), and compare it with what stands (`withdrawn_rows`, `restarted_keys`,
     `vocabulary`, `file_doubts`, `category_doubts`, `unstored_columns`). `conflicting_files` withholds rows on which two
     files differ.
- Before: `complete_inbox` says whether all have come, so that a night can start early.
- Afterwards: `move_to_archive`, `release_held`, `retract` (takes back what was accepted wrongly), `retention`;
  `interrupted_landing` cleans up after one that was killed.
"""

from .file_names import InboxFile, find_files
from .land import land_files
from .ledger import Counts, LedgerEntry, accepted, counts, read_ledger
from .pseudonyms import PseudonymKeyError
from .release_held import NotHeld, release_load
from .retention import (
    Erasure,
    archive_size,
    erase_old_lists,
    erase_old_originals,
    erase_unused_loads,
    erased_loads,
    read_erasures,
)

__all__ = [
    "Counts", "Erasure", "InboxFile", "LedgerEntry", "NotHeld", "PseudonymKeyError", "accepted", "archive_size", "counts",
    "erase_old_lists", "erase_old_originals", "erase_unused_loads", "erased_loads", "find_files", "land_files", "read_erasures",
    "read_ledger", "release_load",
]  # fmt: skip
