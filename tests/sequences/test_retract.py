"""A home that retracts a file has the rows, coverage and measures of a home that never had it, whichever other files came."""

import os
import tempfile
from pathlib import Path

from how_often import often
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st
from oracle.unusual_files.plan import BELIEVED

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import accepted, read_ledger
from dagster_project.landing.retract import retract_load

from .plan import Row, Sequence, sequences
from .test_faults_are_caught import file, nights
from .warehouse import EMPTY_EXTRACTS, SUBJECTS, Staging, Warehouse, current_rows, differing, rows_as_text
from .write_files import FIRST_MTIME, night_moment

COVERAGE = "coverage, force_code, covered_from, covered_to"
THREE_IN_CONFLICT = nights([file(0, Row(0)), file(0, Row(0, value=1), days=7), file(0, Row(0, value=2), days=3)])
"""Each file withholds the row of the two others."""
TWO_IN_CONFLICT = nights([file(0, Row(0), Row(1)), file(0, Row(0, value=1), days=7)], [file(1, Row(1, value=2), days=3)])
ALL_ROWS_IN_CONFLICT = nights([file(0, Row(0)), file(0, Row(0, value=1), days=7)])
"""No row of either file counts, and the file that stays has no landed row."""
WITHDRAWING_FILE = nights(
    [file(0, Row(0), Row(1, day=3))], [file(1, Row(0, value=1))], [file(2, Row(0, value=2), days=2)], published=True
)
MONTH = nights([file(None, Row(0), extract="street_crime", days=31)], [file(0, Row(1), extract="street_crime", days=31)])


def landed(folder: Path, staging: Staging, sequence: Sequence, without: set[int]) -> Warehouse:
    """A home after all nights of a sequence, except for some drops."""
    home = Home(folder).create()
    home.config_file.write_text(BELIEVED, encoding="utf-8")
    warehouse = Warehouse(home, staging, without=without)
    warehouse.use(sequence)
    warehouse.contracts |= {x: load_contracts()[x] for x in EMPTY_EXTRACTS}
    for n, drops in enumerate(sequence.nights):
        warehouse.land(n, drops, sequence.archive)
    return warehouse


def counted_rows(warehouse: Warehouse) -> dict[str, set[tuple]]:
    """Everything that the next night would count."""
    measured = warehouse.measures(str(len(warehouse.nights) + 2))
    con = warehouse.staging.con
    counted = {x: measured[x] for x in measured if x in SUBJECTS} | {"rows by day": measured["rows by day"]}
    counted |= {f"rows of {x}": current_rows(con, x) for x in warehouse.contracts if x in SUBJECTS}
    unbalanced = con.execute(
        "select source_file from raw.accounts where rows_in_raw <> rows_landed + rows_tied"
        " or rows_in_file <> rows_landed + rows_quarantined + rows_duplicate"
    ).fetchall()
    assert not unbalanced
    return counted | {"coverage": rows_as_text(con, "staging.coverage_windows", COVERAGE)}


@settings(max_examples=often(2, 60))
@given(sequence=sequences(), chosen=st.integers(0, 9))
@example(sequence=THREE_IN_CONFLICT, chosen=0)
@example(sequence=THREE_IN_CONFLICT, chosen=1)
@example(sequence=THREE_IN_CONFLICT, chosen=2)
@example(sequence=TWO_IN_CONFLICT, chosen=0)
@example(sequence=ALL_ROWS_IN_CONFLICT, chosen=0)
@example(sequence=ALL_ROWS_IN_CONFLICT, chosen=1)
@example(sequence=WITHDRAWING_FILE, chosen=1)
@example(sequence=MONTH, chosen=1)
def test_a_retracted_file_leaves_no_trace(quick_landing: None, staging: Staging, sequence: Sequence, chosen: int) -> None:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="pam-sequence-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        with_file = landed(Path(folder) / "one", staging, sequence, set())
        loads = accepted(read_ledger(with_file.home))
        assume(loads)
        load = loads[chosen % len(loads)]
        drops = {int(e.file_mtime) - FIRST_MTIME for e in read_ledger(with_file.home) if e.load_id == load.load_id}
        n = len(sequence.nights)
        retract_load(with_file.home, load.load_id, str(n + 1), by="A. Person", why="wrong", now=night_moment(n))
        # If files stay in the inbox, the next night reads it again.
        with_file.land(n + 1, (), sequence.archive)
        outcomes = {k: outcome for k, outcome in with_file.outcomes().items() if k not in drops}
        counted = counted_rows(with_file)
        without_file = landed(Path(folder) / "never", staging, sequence, drops)
        # A file that was held, refused or known because of the retracted one stays so: nobody drops it again.
        assume(without_file.outcomes() == outcomes)
        note(f"{load.source_file} is retracted")
        assert not differing(counted, counted_rows(without_file))
