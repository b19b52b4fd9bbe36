"""`pam status --check`: one line and an exit code for a monitoring program, also where no night ran."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import TODAY

from dagster_project.core.home import Home
from dagster_project.core.receipts import locked, read_receipts, write_receipt
from dagster_project.nights.health import find_problems
from dagster_project.nights.lifecycle import mark_path

MORNING = datetime(TODAY.year, TODAY.month, TODAY.day, 8, tzinfo=UTC)


@pytest.fixture
def published_at_two(sample_copy: Home) -> Home:
    """The sample, published at two in the night of the day after its last extract is due."""
    (receipt,) = read_receipts(sample_copy)
    write_receipt(sample_copy, replace(receipt, finished_at=f"{TODAY}T02:01:00Z", started_at=f"{TODAY}T02:00:00Z"))
    return sample_copy


def without_late(found: list[str]) -> list[str]:
    return [line for line in found if not line.startswith("late: ")]


def test_nothing_published(pam: Callable, new_home: Home, tmp_path) -> None:
    for home in (new_home, Home(tmp_path / "nowhere")):
        result = pam("status", "--check", "--home", home.path)
        assert (result.exit_code, result.stdout) == (1, "PAM CRITICAL: nothing is published\n")
    assert not (tmp_path / "nowhere").exists()


def test_a_fresh_publication_and_an_old_one(published_at_two: Home) -> None:
    assert without_late(find_problems(published_at_two, 26, MORNING)) == []
    assert without_late(find_problems(published_at_two, 26, MORNING + timedelta(hours=20))) == []
    (said,) = without_late(find_problems(published_at_two, 26, MORNING + timedelta(hours=21)))
    assert said.startswith("the publication is 27 hours old, more than 26: night ")
    assert without_late(find_problems(published_at_two, 4, MORNING)) != []


def test_late_extracts(published_at_two: Home) -> None:
    (said,) = find_problems(published_at_two, 26, MORNING)
    assert said.startswith("late: intelligence (derbyshire) ")
    (later,) = [s for s in find_problems(published_at_two, 1e6, MORNING + timedelta(days=1000)) if s.startswith("late")]
    assert " more" in later and len(later) < 400


@pytest.mark.parametrize("outcome", ["held", "failed"])
def test_the_last_night(published_at_two: Home, outcome: str) -> None:
    (receipt,) = read_receipts(published_at_two)
    later = replace(receipt, night_id="20260103T030000Z", started_at=f"{TODAY}T03:00:00Z", outcome=outcome, reason="x: y")
    write_receipt(published_at_two, later)
    (said,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert said == f"night 20260103T030000Z {'is held' if outcome == 'held' else 'failed'}: x: y"


def test_a_night_that_is_gone_and_one_that_hangs(published_at_two: Home) -> None:
    mark_path(published_at_two).write_text(f'{{"night_id": "n", "started_at": "{TODAY}T01:00:00Z"}}')
    (said,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert said == f"the night that began at {TODAY}T01:00:00Z ended without a receipt"
    with locked(published_at_two):
        (said,) = without_late(find_problems(published_at_two, 26, MORNING))
        assert said == f"a night has been under way since {TODAY}T01:00:00Z, 7 hours"
        assert without_late(find_problems(published_at_two, 26, MORNING - timedelta(hours=2))) == []


def test_settings_and_files_that_can_t_be_read(published_at_two: Home) -> None:
    published_at_two.config_file.write_text("[keep]\npublications = 0\n")
    (said,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert said.startswith("pam.toml: keep.publications")
    published_at_two.config_file.unlink()
    published_at_two.warehouse.write_bytes(b"not a database")
    assert "the published file can't be read" in find_problems(published_at_two, 26, MORNING)
    (published_at_two.nights / "x.json").write_text("{")
    (said,) = find_problems(published_at_two, 26, MORNING)
    assert said.startswith("the home can't be read: ")


def test_the_command(pam: Callable, published_at_two: Home) -> None:
    result = pam("status", "--check", "--max-age", "1000000000", "--home", published_at_two.path)
    assert result.exit_code == 1 and result.stdout.startswith("PAM CRITICAL: late: ") and result.stdout.count("\n") == 1


def test_a_publication_without_figures_is_no_good_one(published_at_two: Home) -> None:
    """As a night on an empty inbox publishes: it is done, and nothing ever came."""
    (receipt,) = read_receipts(published_at_two)
    for figures in ({}, {"mart_naloxone": 0}):
        write_receipt(published_at_two, replace(receipt, figures=figures))
        (said,) = without_late(find_problems(published_at_two, 26, MORNING))
        assert said.startswith("the publication has no figures: have extracts dropped")
    # The receipt of a night that was stopped may not know.
    write_receipt(published_at_two, replace(receipt, figures={}, sha256=""))
    assert without_late(find_problems(published_at_two, 26, MORNING)) == []


def test_a_group_that_is_not_there_is_named(published_at_two: Home) -> None:
    published_at_two.config_file.write_text('[publish]\ngroup = "no such group"\n', encoding="utf-8")
    (said,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert said.startswith("pam.toml: publish.group: this machine has no group 'no such group': name one")
