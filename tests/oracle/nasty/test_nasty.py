"""The nasty files are what they say they are, seen through the plain model."""

import pytest

from dagster_project.core.seeds import read_seed
from oracle.contract import EXTRACTS
from oracle.landing import land
from oracle.marts import marts

from .plan import write_nasty
from .random_sequences import write_sequence


@pytest.fixture(scope="module", params=[1, 20260331])
def nights(request, tmp_path_factory):
    return write_nasty(tmp_path_factory.mktemp("nasty"), request.param)


@pytest.fixture(scope="module")
def landing(nights):
    return land(nights.nights, nights.forces)


def test_same_seed_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_nasty(tmp_path / name, 7)
    one, two = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_every_extract_is_there_with_rows(landing):
    assert {extract for extract, _ in landing.windows} == set(EXTRACTS)
    assert all(landing.rows[extract, "derbyshire"] for extract in EXTRACTS)


def test_each_file_ends_as_its_note_says(nights, landing):
    """A note that names an outcome is right, and no other file is held, known or refused."""
    for result in landing.files:
        note = nights.notes.get(f"night{result.night + 1:02d}/{result.name}", "")
        said = [word for word in ("refused", "held", "known") if f"{word}:" in note or note.endswith(word)]
        expected = "refused" if "refused whole" in note else said[0] if said else "accepted"
        assert result.outcome == expected, (result.name, note, result.reason)


def test_every_rule_is_broken_somewhere(landing):
    reasons = {
        reason.partition(":")[0] for f in landing.files for bad in f.quarantine for reason in bad.reasons
    }
    assert reasons == {
        "no key", "no date", "bad date", "not in the list", "not an amount", "outside the window",
        "key twice, rows differ", "ragged row",
    }  # fmt: skip


def test_keys_are_withdrawn_doubted_and_tied(landing):
    assert landing.withdrawn["crimes", "derbyshire"]
    assert landing.warnings["county_lines", "derbyshire"]
    tied = [f for f in landing.files if f.extract == "community_voices" and f.night == 2]
    assert len(tied) == 2
    assert all(f.rows_quarantined > sum(len(bad.reasons) > 0 for bad in f.quarantine) for f in tied)


def test_modest_in_size_and_of_all_marts(nights, landing):
    assert sum(f.rows_in_file for f in landing.files) < 15_000
    rows = marts(landing, nights.areas, nights.forces)
    assert {row["mart"] for row in rows} == {measure["mart"] for measure in read_seed("measure_list")}


@pytest.mark.parametrize("seed", range(10))
def test_sequences_can_be_landed_in_any_number(tmp_path, seed):
    nights = write_sequence(tmp_path, seed)
    assert {f.outcome for f in land(nights.nights, nights.forces).files} <= {
        "accepted", "known", "held", "refused",
    }  # fmt: skip
