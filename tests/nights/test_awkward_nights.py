"""Whole nights against the plain model: every figure of every mart after every night, and every file's fate.

The suite has one seed. `PAM_TEST_SEED=7 pytest tests/nights/test_awkward_nights.py` runs another.
"""

from dagster_project.landing import read_ledger

from .conftest import Awkward, file_differences


def test_every_figure_after_every_night(awkward: Awkward) -> None:
    assert awkward.differences == [[]] * 4
    assert min(awkward.figures) > 100_000, "a comparison of little proves little"


def test_every_file_ends_as_the_contract_says(awkward: Awkward) -> None:
    assert file_differences(awkward) == []
    assert {e.outcome for e in read_ledger(awkward.home)} == {"accepted", "known", "held", "refused"}


def test_nights_after_the_first_build_on_the_one_before(awkward: Awkward) -> None:
    """So that what a night takes over is compared as well as what it builds."""
    assert awkward.figures[-1] > 0
    assert all(run.receipt.outcome == "published" for run in awkward.runs)
    assert len({len(run.nodes) for run in awkward.runs}) == 1, "each night answers for every node"
