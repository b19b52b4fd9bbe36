"""A night without new files builds and publishes nothing, and is recorded as unchanged; any change makes it build."""

from datetime import UTC, datetime, timedelta

import pytest
from support import night, run_job, write_extract

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import read_erasures
from dagster_project.nights.health import find_problems
from dagster_project.nights.saved_steps import Landed
from dagster_project.nights.status import status
from dagster_project.publishing.kept_nights import list_kept
from dagster_project.transform import candidate


def ends_unchanged(home: Home, **options: object) -> bool:
    """Whether a night of the home ends before anything is built; its receipt is deleted again."""
    with night(home, **options) as run:
        run.land()
        is_unchanged = run.end_if_unchanged()
        if run.receipt:
            (home.nights / f"{run.receipt.night_id}.json").unlink()
    return is_unchanged


def test_a_night_without_new_files_is_unchanged(sample_copy: Home) -> None:
    before = sample_copy.warehouse.read_bytes()
    published = read_receipts(sample_copy)[-1]
    with night(sample_copy) as run:
        run.land()
        assert run.end_if_unchanged()
    receipt = read_receipts(sample_copy)[-1]
    assert (receipt.outcome, receipt.stands, receipt.figures, receipt.files) == ("unchanged", published.night_id, {}, [])
    assert set(receipt.seconds) == {"landing", "total"}
    # The published file, the kept nights and the base of the next night are unchanged.
    assert sample_copy.warehouse.read_bytes() == before
    assert [p.night_id for p in list_kept(sample_copy)] == [published.night_id]
    assert candidate.start(sample_copy).base == "night"


def test_erasing_expired_originals_builds_nothing(sample_copy: Home) -> None:
    """With a file a day, kept for ninety days, most nights erase some."""
    old = sample_copy.archive / "2020-01-01" / "a.csv"
    old.parent.mkdir()
    old.write_text("rows")
    with night(sample_copy) as run:
        run.land()
        assert run.end_if_unchanged()
    assert not old.exists() and (run.receipt.outcome, run.receipt.erased) == ("unchanged", 1)
    assert [e.archived for e in read_erasures(sample_copy)] == ["2020-01-01/a.csv"]
    with night(sample_copy) as run:
        run.land()
        run.landed = Landed(erased=(read_erasures(sample_copy)[0].model_copy(update={"kind": "quarantine"}),))
        assert not run.end_if_unchanged(), "erased rows change figures"


def test_status_and_problems_after_an_unchanged_night(sample_copy: Home) -> None:
    published = read_receipts(sample_copy)[-1]
    warnings = status(sample_copy)["warnings"]
    assert run_job(sample_copy).receipt.outcome == "unchanged", "in Dagster's job too"
    result = status(sample_copy)
    assert result["published"]["night_id"] == published.night_id and result["last_night"]["outcome"] == "unchanged"
    assert result["warnings"] == warnings, "the checks of the published night"
    problems = find_problems(sample_copy, max_age=1, now=datetime.now(UTC) + timedelta(minutes=30))
    assert not [t for t in problems if "publication" in t or t.startswith("night")]


@pytest.mark.parametrize("path", ["pam.toml", "seeds/areas.csv", "seeds/accepted_months.csv", "editions/2030-01.yml"])
def test_a_changed_setting_list_or_edition_builds(path: str, sample_copy: Home) -> None:
    (sample_copy.path / path).parent.mkdir(exist_ok=True)
    (sample_copy.path / path).write_text("", encoding="utf-8")
    assert not ends_unchanged(sample_copy)


def test_other_changes_that_build(sample_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends_unchanged(sample_copy)
    assert not ends_unchanged(sample_copy, rebuild=True)
    with monkeypatch.context() as patch:
        patch.setattr(candidate, "project_version", lambda: "another contract or model")
        assert not ends_unchanged(sample_copy)
    # A file under a known name is landed first: its content may be known or not.
    copied = next((sample_copy.archive).rglob("incidents*.csv"))
    (sample_copy.inbox / copied.name).write_bytes(copied.read_bytes())
    assert ends_unchanged(sample_copy)
    (sample_copy.inbox / copied.name).write_bytes(copied.read_bytes()[:-200])
    assert not ends_unchanged(sample_copy)


def test_the_first_night_and_one_after_a_failure_build(new_home: Home) -> None:
    assert not ends_unchanged(new_home)
    row = {"order_ref": "A1", "order_date": "2025-02-01", "amount": "10", "recipient": "Police"}
    write_extract(new_home.inbox, "mda_orders", [row])
    with night(new_home) as run:
        run.land()
        run.fail("stopped")
    assert not ends_unchanged(new_home), "it landed but was not published"
