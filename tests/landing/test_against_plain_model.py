"""Landing compared with the plain model: every unusual file has the same outcome, row by row.

The model knows nothing of DuckDB, chunks or ledgers, and was written only from the public contract.
"""

import shutil

import pytest
from how_often import often
from oracle.landing import land
from oracle.unusual_files.plan import BELIEVED, write_unusual_files
from oracle.unusual_files.random_sequences import write_sequence
from sequences.warehouse import order

from dagster_project.landing import counts, find_files, land_files


def actual_outcomes(warehouse, nights, threads):
    """The result of each file: name, outcome, counts of all rows, landed, quarantined and merged ones, quarantined lines."""
    for number, paths in enumerate(nights.nights):
        for path in paths:
            for name in (path.name, path.name + ".manifest.json"):
                if path.with_name(name).exists():
                    shutil.copy2(path.with_name(name), warehouse.home.inbox / name)
        files = find_files(warehouse.home.inbox, warehouse.contracts, set(nights.forces))
        land_files(warehouse.home, warehouse.contracts, files, f"night-{number}", archive=True, threads=threads)
    totals = counts(warehouse.ledger())
    for entry in warehouse.ledger():
        if entry.outcome != "accepted":
            yield entry.source_file, entry.outcome
            continue
        n = totals[entry.load_id]
        conflicts = {row["_line"] for row in warehouse.withheld(entry)} & {row["_line"] for row in warehouse.raw(entry)}
        lines = {row["_line"] for row in warehouse.quarantine(entry)} - conflicts
        yield (
            entry.source_file,
            entry.outcome,
            (n.rows_in_file, n.rows_landed, n.rows_quarantined, n.rows_duplicate),
            sorted(map(int, lines)),
        )


def expected_outcomes(nights):
    for file in land([sorted(paths, key=order) for paths in nights.nights], nights.forces).files:
        if file.outcome != "accepted":
            yield file.name, file.outcome
            continue
        yield (
            file.name,
            file.outcome,
            (file.rows_in_file, file.rows_landed, file.rows_quarantined, file.rows_duplicate),
            sorted(bad.line for bad in file.quarantine),
        )


@pytest.mark.long
def test_nights_of_unusual_files(warehouse, tmp_path):
    """With all extracts of a night in parallel. The suite tests each kind of unusual file on its own, and random sequences."""
    warehouse.home.config_file.write_text(BELIEVED, encoding="utf-8")
    nights = write_unusual_files(tmp_path / "nights", 20260331)
    assert sorted(actual_outcomes(warehouse, nights, threads=3)) == sorted(expected_outcomes(nights))


@pytest.mark.parametrize("seed", range(often(2, 20)))
def test_random_sequences(warehouse, tmp_path, seed):
    nights = write_sequence(tmp_path / "nights", seed)
    assert sorted(actual_outcomes(warehouse, nights, threads=1)) == sorted(expected_outcomes(nights))
