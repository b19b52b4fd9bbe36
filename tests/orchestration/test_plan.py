"""The plan of a Dagster run, read from its record."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.nights import saved_steps
from dagster_project.nights.period_coverage import PeriodError
from dagster_project.nights.saved_steps import Plan, find_night_to_continue
from dagster_project.orchestration.night_resource import night_of, plan_of

RAW, MART, PUBLISHED = (dg.AssetKey(k.split("/")) for k in ("raw/crimes", "marts/mart_crimes", "published/warehouse"))
OPEN = dg.AssetKey(["published", "open"])
RULE = dg.AssetCheckKey(MART, "repeated_rows")


@pytest.mark.parametrize(
    ("run", "lands", "publishes"),
    [
        ({}, True, True),
        ({"asset_selection": frozenset()}, True, True),
        ({"asset_selection": frozenset(), "step_keys_to_execute": ["landing", "models", "gate", "publishing"]}, True, True),
        ({"asset_selection": frozenset({RAW})}, True, False),
        ({"asset_selection": frozenset({MART})}, False, False),
        ({"asset_selection": frozenset({RAW, MART, PUBLISHED})}, True, True),
        ({"asset_selection": frozenset(), "asset_check_selection": frozenset({RULE})}, False, False),
        ({"step_keys_to_execute": ["gate", "publishing"]}, False, True),
        ({"step_keys_to_execute": ["published__postgres"]}, False, False),
        ({"asset_selection": frozenset({OPEN}), "step_keys_to_execute": ["publishing"]}, False, False),
    ],
    ids=[
        "all",
        "none named",
        "all steps",
        "an extract",
        "a mart",
        "to the end",
        "a check",
        "the last steps",
        "PostgreSQL",
        "an output",
    ],
)
def test_which_steps_a_run_takes(run: dict, lands: bool, publishes: bool) -> None:
    plan = plan_of(dg.DagsterRun(job_name="nightly", run_id="r", **run))
    assert plan == Plan("r", (), lands, publishes)


def test_a_reexecuted_run_names_the_runs_before() -> None:
    again = dg.DagsterRun(job_name="nightly", run_id="c", parent_run_id="b", root_run_id="a")
    assert plan_of(again).reexecuted_runs == ("b", "a")
    assert plan_of(None) == Plan()


def test_the_night_of_a_run_is_as_its_config_says(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_HOME", str(new_home.path))
    run = night_of({"rebuild": True, "from": "2022-03-01", "to": "2022-03-31"}, Plan())
    assert (run.rebuild, run.sample, run.period) == (True, False, (date(2022, 3, 1), date(2022, 3, 31)))
    (new_home.path / SAMPLE_MARK).touch()
    run = night_of({}, Plan())
    assert (run.rebuild, run.sample, run.period, run.patience) == (False, True, None, 900)
    for half in ("from", "to"):
        with pytest.raises(PeriodError, match="set both"):
            night_of({half: "2022-03-01"}, Plan())


def test_a_run_that_lands_again_is_a_new_night(tmp_path: Path) -> None:
    """A whole run executed again lands new files, in a new night. Executed from its failure, it continues the same night."""
    home, night_id = Home(tmp_path).create(), "20260106T020000Z"
    started = saved_steps.StartedNight(night_id, datetime(2026, 1, 6, 2, tzinfo=UTC), date(2026, 1, 6), "a")
    saved_steps.save_step(home, night_id, started)
    all_of_it, the_rest = Plan("b", ("a",)), Plan("b", ("a",), lands=False)
    assert find_night_to_continue(home, all_of_it) is not None, "landing is what failed"
    saved_steps.save_step(home, night_id, saved_steps.Landed())
    assert find_night_to_continue(home, all_of_it) is None
    assert find_night_to_continue(home, the_rest).night_id == night_id
