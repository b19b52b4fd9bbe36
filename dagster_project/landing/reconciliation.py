"""Compares the ledger's counts with the stored rows, to check that every row of a file is accounted for.

Rows in a file are landed, quarantined, identical repeats, or refused with the file. The first two are counted in the stored
Parquet, so that a file lost or changed after it landed is found, too.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.raw_table_columns import make_raw_table

from .same_time_conflicts import conflict_files
from .storage.erase_unused import read_erasures
from .storage.ledger import LedgerEntry, accepted, counts
from .storage.raw_store import load_of, parquet_of


def write_accounts(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    entries: list[LedgerEntry],
    loads: set[str],
    since: str,
    erased: Collection[str] = (),
) -> None:
    """Make `raw.accounts`: a row for each file that affects the night's figures (`loads`) or landed after the night `since`.

    `rows_in_raw`: rows as stored; `rows_tied`: those of them that a later file of the same time withheld. `rows_in_quarantine`
    is null where the file's quarantine is lost: no figure uses it; the ledger's count where it was erased at its limit. Files
    whose rows were `erased` are left out.
    """
    stored: dict[str, LedgerEntry] = {}
    refused: list[LedgerEntry] = []
    for e in entries:
        if e.load_id and e.outcome in ("accepted", "held") and (e.load_id in loads or e.night_id > since):
            if e.load_id in erased:
                continue
            stored[e.load_id] = e
        elif e.outcome == "retracted":
            stored.pop(str(e.load_id), None)
        elif e.outcome == "refused" and e.extract and e.force_code and e.night_id > since:
            refused.append(e)
    raw = _rows(con, (load_of(e).raw(home) for e in stored.values()))
    quarantine = _rows(con, (load_of(e).quarantine(home) for e in stored.values()))
    by_load, rows = counts(entries), list[tuple[Any, ...]]()
    # Rows withheld for a conflict are counted by their withheld keys, which are there even without the quarantine. A row may be
    # withheld for two.
    paths = conflict_files(home, {str(e.load_id) for e in accepted(entries)})
    lines = f"select load_id, count(distinct _line) from {parquet_of(*paths)} group by load_id"
    tied_by_load: dict[str, int] = dict(con.execute(lines).fetchall()) if paths else {}
    # Rows in raw/ that figures rest on are erased once the night is published, so the file still has its row here.
    expired = {Path(e.archived).stem for e in read_erasures(home) if e.kind == "quarantine"}
    for load, e in stored.items():
        count = by_load[load]
        n = count.rows_quarantined - tied_by_load.get(load, 0)
        quarantined = quarantine.get(load, None if n > 0 and load not in expired else max(n, 0))
        rows.append(
            (e.extract, e.force_code, e.source_file, e.outcome, count.rows_in_file, count.rows_landed, count.rows_quarantined,
             count.rows_duplicate, 0, raw.get(load, 0), quarantined, tied_by_load.get(load, 0))
        )  # fmt: skip
    rows += [
        (e.extract, e.force_code, e.source_file, e.outcome, e.rows_in_file or 0, 0, 0, 0, e.rows_refused or 0, 0, 0, 0)
        for e in refused
    ]
    make_raw_table(con, "accounts", rows)


def _rows(con: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> dict[str, int]:
    """Rows of Parquet files by stem, from their footers. Missing files are left out."""
    files = sorted(str(p) for p in paths if p.exists())
    if not files:
        return {}
    rows = con.execute("select file_name, num_rows from parquet_file_metadata(?)", [files]).fetchall()
    return {Path(name).stem: n for name, n in rows}
