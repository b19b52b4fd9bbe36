"""Landing against the plain model: every odd file of its nights ends the same way, row by row.

The model knows nothing of DuckDB, chunks or ledgers, and was written from the public contract alone.
"""

import shutil

import pytest
from oracle.landing import land
from oracle.nasty.plan import BELIEVED, write_nasty
from oracle.nasty.random_sequences import write_sequence
from sequences.warehouse import order

from dagster_project.landing import counts, find_files, land_files


def ends(warehouse, nights, threads):
    """What became of each file: name, outcome, rows in all, landed, quarantined and merged, quarantined lines."""
    for number, paths in enumerate(nights.nights):
        for path in paths:
            for name in (path.name, path.name + ".manifest.json"):
                if path.with_name(name).exists():
                    shutil.copy2(path.with_name(name), warehouse.home.inbox / name)
        files = find_files(warehouse.home.inbox, warehouse.contracts, set(nights.forces))
        land_files(warehouse.home, warehouse.contracts, files, f"night-{number}", archive=True, threads=threads)
    now = counts(warehouse.ledger())
    for entry in warehouse.ledger():
        if entry.outcome != "accepted":
            yield entry.source_file, entry.outcome
            continue
        n = now[entry.load_id]
        ties = {row["_line"] for row in warehouse.withheld(entry)} & {row["_line"] for row in warehouse.raw(entry)}
        lines = {row["_line"] for row in warehouse.quarantine(entry)} - ties
        yield (
            entry.source_file,
            entry.outcome,
            (n.rows_in_file, n.rows_landed, n.rows_quarantined, n.rows_duplicate),
            sorted(map(int, lines)),
        )


def wanted(nights):
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
def test_the_nasty_nights(warehouse, tmp_path):
    """With all extracts of a night side by side. The suite has each oddness in a test of its own, and random sequences."""
    warehouse.home.config_file.write_text(BELIEVED, encoding="utf-8")
    nights = write_nasty(tmp_path / "nights", 20260331)
    assert sorted(ends(warehouse, nights, threads=3)) == sorted(wanted(nights))


@pytest.mark.parametrize("seed", range(3))
def test_random_sequences(warehouse, tmp_path, seed):
    nights = write_sequence(tmp_path / "nights", seed)
    assert sorted(ends(warehouse, nights, threads=1)) == sorted(wanted(nights))
