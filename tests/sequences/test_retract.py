"""A home that retracts a file has the rows, coverage and measures of a home that never had it, whatever else came."""

import os
import tempfile
from pathlib import Path

from how_often import often
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st
from oracle.nasty.plan import BELIEVED

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import accepted, read_ledger
from dagster_project.landing.retract import retract_load

from .plan import Row, Sequence, sequences
from .test_model_catches import nights, of
from .warehouse import BESIDE, SUBJECTS, Staging, Warehouse, current_rows, differing, texts
from .writing import FIRST_MTIME, night_moment

COVERAGE = "coverage, force_code, covered_from, covered_to"
THREE_TIED = nights([of(0, Row(0)), of(0, Row(0, value=1), days=7), of(0, Row(0, value=2), days=3)])
"""Each withholds the row of the two others."""
TWO_TIED = nights([of(0, Row(0), Row(1)), of(0, Row(0, value=1), days=7)], [of(1, Row(1, value=2), days=3)])
ALL_TIED = nights([of(0, Row(0)), of(0, Row(0, value=1), days=7)])
"""No row of either counts, and the one that stays has no row that landed."""
WITHDREW = nights([of(0, Row(0), Row(1, day=3))], [of(1, Row(0, value=1))], [of(2, Row(0, value=2), days=2)], published=True)
MONTH = nights([of(None, Row(0), extract="street_crime", days=31)], [of(0, Row(1), extract="street_crime", days=31)])


def landed(folder: Path, staging: Staging, sequence: Sequence, without: set[int]) -> Warehouse:
    """A home after all nights of a sequence, but for some drops."""
    home = Home(folder).create()
    home.config_file.write_text(BELIEVED, encoding="utf-8")
    warehouse = Warehouse(home, staging, without=without)
    warehouse.use(sequence)
    warehouse.contracts |= {x: load_contracts()[x] for x in BESIDE}
    for n, drops in enumerate(sequence.nights):
        warehouse.land(n, drops, sequence.archive)
    return warehouse


def shown(warehouse: Warehouse) -> dict[str, set[tuple]]:
    """What the next night would count."""
    measured = warehouse.measured(str(len(warehouse.nights) + 2))
    con = warehouse.staging.con
    found = {x: measured[x] for x in measured if x in SUBJECTS} | {"rows by day": measured["rows by day"]}
    found |= {f"rows of {x}": current_rows(con, x) for x in warehouse.contracts if x in SUBJECTS}
    unbalanced = con.execute(
        "select source_file from raw.accounts where rows_in_raw <> rows_landed + rows_tied"
        " or rows_in_file <> rows_landed + rows_quarantined + rows_duplicate"
    ).fetchall()
    assert not unbalanced
    return found | {"coverage": texts(con, "staging.coverage_windows", COVERAGE)}


@settings(max_examples=often(4, 60))
@given(sequence=sequences(), chosen=st.integers(0, 9))
@example(sequence=THREE_TIED, chosen=0)
@example(sequence=THREE_TIED, chosen=1)
@example(sequence=THREE_TIED, chosen=2)
@example(sequence=TWO_TIED, chosen=0)
@example(sequence=ALL_TIED, chosen=0)
@example(sequence=ALL_TIED, chosen=1)
@example(sequence=WITHDREW, chosen=1)
@example(sequence=MONTH, chosen=1)
def test_a_retracted_file_leaves_no_trace(quick: None, staging: Staging, sequence: Sequence, chosen: int) -> None:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="pam-sequence-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        one = landed(Path(folder) / "one", staging, sequence, set())
        loads = accepted(read_ledger(one.home))
        assume(loads)
        load = loads[chosen % len(loads)]
        same = {int(e.file_mtime) - FIRST_MTIME for e in read_ledger(one.home) if e.load_id == load.load_id}
        n = len(sequence.nights)
        retract_load(one.home, load.load_id, str(n + 1), by="A. Person", why="wrong", now=night_moment(n))
        # Where files stay in the inbox, the next night sees it again.
        one.land(n + 1, (), sequence.archive)
        fates = {k: fate for k, fate in one.fate_of().items() if k not in same}
        counted = shown(one)
        never = landed(Path(folder) / "never", staging, sequence, same)
        # A file that was held, refused or known because of it stays so: nobody drops it again.
        assume(never.fate_of() == fates)
        note(f"{load.source_file} is retracted")
        assert not differing(counted, shown(never))
