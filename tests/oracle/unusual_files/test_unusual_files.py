"""The unusual files have, in the plain model, the outcomes that they were written for."""

import pytest

from dagster_project.core.project_lists import read_seed
from oracle.contract import EXTRACTS
from oracle.landing import land
from oracle.marts import marts

from .plan import write_unusual_files
from .random_sequences import write_sequence


@pytest.fixture(scope="module", params=[1, 20260331])
def nights(request, tmp_path_factory):
    return write_unusual_files(tmp_path_factory.mktemp("unusual"), request.param)


@pytest.fixture(scope="module")
def landing(nights):
    return land(nights.nights, nights.forces)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_unusual_files(tmp_path / name, 7)
    one, two = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_every_extract_has_rows(landing):
    assert {extract for extract, _ in landing.windows} == set(EXTRACTS)
    assert all(landing.rows[extract, "derbyshire"] for extract in EXTRACTS)


def test_each_file_has_the_outcome_in_its_note(nights, landing):
    """An outcome named in a note is right, and no file without one is held, known or refused."""
    for result in landing.files:
        note = nights.notes.get(f"night{result.night + 1:02d}/{result.name}", "")
        outcomes = [word for word in ("refused", "held", "known") if f"{word}:" in note or note.endswith(word)]
        expected = "refused" if "refused whole" in note else outcomes[0] if outcomes else "accepted"
        assert result.outcome == expected, (result.name, note, result.reason)


def test_every_rule_is_broken_by_a_row(landing):
    reasons = {reason.partition(":")[0] for f in landing.files for bad in f.quarantine for reason in bad.reasons}
    assert reasons == {
        "no key", "no date", "bad date", "not in the list", "not an amount", "outside the window",
        "key twice, rows differ", "ragged row",
    }  # fmt: skip


def test_keys_are_withdrawn_quarantined_and_in_conflict(landing):
    assert landing.withdrawn["crimes", "derbyshire"]
    assert landing.warnings["county_lines", "derbyshire"]
    conflicting = [f for f in landing.files if f.extract == "community_voices" and f.night == 2]
    assert len(conflicting) == 2
    assert all(f.rows_quarantined > sum(len(bad.reasons) > 0 for bad in f.quarantine) for f in conflicting)


def test_the_files_are_small_and_reach_all_marts(nights, landing):
    assert sum(f.rows_in_file for f in landing.files) < 15_000
    rows = marts(landing, nights.areas, nights.forces)
    assert {row["mart"] for row in rows} == {measure["mart"] for measure in read_seed("measure_list")}


@pytest.mark.parametrize("seed", range(10))
def test_any_random_sequence_can_be_landed(tmp_path, seed):
    nights = write_sequence(tmp_path, seed)
    assert {f.outcome for f in land(nights.nights, nights.forces).files} <= {
        "accepted", "known", "held", "refused",
    }  # fmt: skip
