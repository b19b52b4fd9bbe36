"""A night whose process is killed resumes where it stopped: "re-execute from failure" gives the same night."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from support import SILENT, copy_home, night, published, write_extract

from dagster_project.audit import read_log
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.core.published_file import published_night, sha256_of
from dagster_project.core.receipts import read_receipts
from dagster_project.definitions import build_defs
from dagster_project.nights import saved_steps
from dagster_project.nights.night_run import NightHeldError, NightRun
from dagster_project.nights.saved_steps import find_night_to_continue
from dagster_project.orchestration.serve import runs
from dagster_project.orchestration.serve.instance import write_settings
from dagster_project.publishing import keep_and_prune, publish
from dagster_project.quality import engine
from dagster_project.transform import candidate

ORDERS = ["order_ref", "order_date", "amount", "recipient"]


def nightly() -> dg.JobDefinition:
    """The job, as Dagster makes it again in each process."""
    return build_defs().resolve_job_def("nightly")


def run_nightly(instance: dg.DagsterInstance, again: str = "") -> dg.JobExecutionResult:
    """The night as `pam serve` launches it; `again`: that run, executed again from its failure."""
    options = dg.ReexecutionOptions.from_failure(again, instance) if again else None
    job = dg.reconstructable(nightly)
    return dg.execute_job(job, instance, run_config=SILENT, reexecution_options=options)


STAGES = ("landing", "building", "checking", "publishing")


def killed_before(stage: str, home: Home, again: str = "") -> str:
    """Run the night in a process of its own that is killed as a stage begins. Returns the id of Dagster's run."""
    code = (
        "import os, sys; sys.path[:0] = ['tests', 'tests/orchestration']\n"
        "import dagster as dg; from dagster_project.nights.night_run import NightRun; import test_resumed_nights as t\n"
        "from dagster_project.publishing import outputs; outputs.OUTPUTS = ()\n"
        "begins = NightRun._step\n"
        "NightRun._step = lambda run, name: os.kill(os.getpid(), 9) if name == sys.argv[1] else begins(run, name)\n"
        "with dg.DagsterInstance.get() as instance: t.run_nightly(instance, sys.argv[2])\n"
    )
    environment = {**os.environ, "PAM_HOME": str(home.path), "DAGSTER_HOME": str(home.dagster)}
    done = subprocess.run(
        [sys.executable, "-c", code, stage, again], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        (run,) = runs.unfinished(instance)
        # What `pam serve` does once it finds that the process is gone.
        assert "marked as failed" in runs.mark_unfinished(instance, home)[0]
    return run.run_id


def finished_steps(result: dg.JobExecutionResult) -> list[str]:
    return [e.step_key for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_SUCCESS]


def check_published_as(home: Home, nights: set[str], built: int) -> None:
    """Published as the one night that stopped, from what it had landed and built."""
    (receipt,) = read_receipts(home)
    assert nights == {receipt.night_id} == {published_night(home)} and receipt.outcome == "published"
    assert [f["outcome"] for f in receipt.files] == ["accepted"] and {"landing", "building", "checking"} <= set(receipt.seconds)
    assert (home.candidate / WORK).stat().st_mtime_ns == built, "nothing was built again"
    orders = "select value from marts.mart_mda_orders where measure = 'orders' and category = 'all' and area_type = 'force'"
    assert published(home, f"{orders} and period_label = '2025'") == [(1,)] and len(receipt.checks) > 200


def test_a_night_that_failed_before_the_gate_is_resumed(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    write_settings(new_home)
    monkeypatch.setenv("PAM_HOME", str(new_home.path))
    engine.preload()
    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        with monkeypatch.context() as patch:
            patch.setattr(NightRun, "judge", lambda _: (_ for _ in ()).throw(ValueError("no answer")))
            first = run_nightly(instance)
            assert not first.success and "gate" not in finished_steps(first)
        (failed,) = read_receipts(new_home)
        assert (failed.outcome, failed.reason, published_night(new_home)) == ("failed", "no answer", None)
        built = (new_home.candidate / WORK).stat().st_mtime_ns
        again = run_nightly(instance, first.run_id)
        assert again.success and finished_steps(again) == ["gate", "publishing"], "finished steps are not repeated"
    check_published_as(new_home, {failed.night_id}, built)


@pytest.mark.long
def test_a_night_killed_before_each_step_is_resumed(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """One night, killed before every step, and each time executed again from its failure."""
    write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    write_settings(new_home)
    run_id, written, nights = "", {}, set()
    for stage in STAGES:
        run_id = killed_before(stage, new_home, run_id)
        (failed,) = read_receipts(new_home)
        assert failed.outcome == "failed" and published_night(new_home) is None
        nights.add(failed.night_id)
        work = new_home.candidate / WORK
        written[stage] = work.exists() and work.stat().st_mtime_ns
    assert written["checking"] == written["publishing"], "nothing was built again"
    monkeypatch.setenv("PAM_HOME", str(new_home.path))
    engine.preload()
    with dg.DagsterInstance.from_config(str(new_home.dagster)) as instance:
        result = run_nightly(instance, run_id)
        assert result.success and finished_steps(result) == ["publishing"], "finished steps are not repeated"
    check_published_as(new_home, nights, written["checking"])


@pytest.fixture(scope="module")
def judged_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose night was judged and not published yet, by run `a`. To be copied, not changed."""
    home = Home(tmp_path_factory.mktemp("judged") / "home").create()
    write_extract(home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    with night(home, plan=saved_steps.Plan("a")) as run:
        run.land()
        run.build()
        run.judge()
    again = saved_steps.Plan("b", ("a",), lands=False)
    with night(home, plan=again) as same:
        assert same.checks == run.checks and same.built == run.built
    return home


def test_a_night_stopped_after_publishing_is_published_and_not_resumed(
    judged_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published stays. To execute the step again is to publish again, in a new night."""
    home = copy_home(judged_home, tmp_path / "home")
    with night(home, plan=saved_steps.Plan("a2", ("a",), lands=False)) as first, monkeypatch.context() as patch:
        first.ensure_built(judged=True)
        patch.setattr(keep_and_prune, "fix_links_and_rights", lambda *_: (_ for _ in ()).throw(OSError("the share is gone")))
        with pytest.raises(OSError, match="share"):
            first.publish()
        first.fail("the share is gone")
    (receipt,) = read_receipts(home)
    assert (receipt.outcome, receipt.reason) == ("published", "stopped after publishing: the share is gone")
    assert receipt.sha256 == sha256_of(home.warehouse) and receipt.outputs == {}
    figures = dict(published(home, "select mart, count(*) from marts.measures group by mart"))
    assert receipt.figures == figures and figures["mart_mda_orders"] > 0
    to_serve = saved_steps.Plan("b", ("a2", "a"), lands=False, publishes=False)
    assert find_night_to_continue(home, to_serve).night_id == receipt.night_id, "it must still be loaded into PostgreSQL"
    again = saved_steps.Plan("b", ("a2", "a"), lands=False)
    assert find_night_to_continue(home, again) is None
    with night(home, plan=again) as second:
        assert second.night.night_id != receipt.night_id and second.built is None and second.checks is None


def test_a_night_that_can_t_publish_fails_and_takes_back_its_record(
    judged_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    home = copy_home(judged_home, tmp_path / "home")
    monkeypatch.setattr(publish, "publish", fail)
    with night(home, plan=saved_steps.Plan("b", ("a",), lands=False)) as run:
        run.ensure_built(judged=True)
        with pytest.raises(OSError, match="No space left"):
            run.publish()
        run.fail("No space left")
    (receipt,) = read_receipts(home)
    assert (receipt.outcome, receipt.reason) == ("failed", "No space left") and not home.warehouse.exists()
    disclosure, withdrawal = [*read_log(home)][-2:]
    assert (disclosure.facts["what"], withdrawal.facts["what"]) == ("published", "not published")
    assert withdrawal.facts["withdraws"] == [disclosure.n]


def test_rules_that_changed_after_the_gate_are_judged(judged_home: Home, tmp_path: Path) -> None:
    """A night that was judged but not published resumes, and is held by a rule that somebody wrote in between."""
    home = copy_home(judged_home, tmp_path / "home")
    (night_id,) = saved_steps.nights_without_receipt(home)
    again = saved_steps.Plan("b", ("a",), lands=False)
    with night(home, plan=again) as same:
        assert same.checks and same.built and same.built.left == ()
    home.expectations.mkdir()
    (home.expectations / "none.yml").write_text(
        "name: none\nrelation: stg_mda_orders\nexpectations:\n  - type: expect_table_row_count_to_be_between\n"
        "    kwargs: {max_value: 0}\n    severity: critical\n    meta: {advice: Ask.}\n",
        encoding="utf-8",
    )
    with night(home, plan=again) as second:
        assert second.checks is None
        with pytest.raises(NightHeldError, match="stg_mda_orders is 1"):
            second.ensure_built(judged=True)
    (receipt,) = read_receipts(home)
    assert (receipt.night_id, receipt.outcome) == (night_id, "held") and not home.warehouse.exists()


def test_a_night_is_not_resumed_after_another(new_home: Home) -> None:
    """By then the candidate is of the other night: the re-executed run begins a new night."""
    write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    first = NightRun(new_home, plan=saved_steps.Plan("a"))
    first.land()
    first.end()
    again = saved_steps.Plan("b", ("a",), lands=False)
    assert find_night_to_continue(new_home, again).night_id == first.night.night_id
    of_another = saved_steps.Plan("c", ("x",), lands=False)
    assert find_night_to_continue(new_home, of_another) is None, "another run's night is not continued"
    second = NightRun(new_home)
    second.land()
    second.fail("something")
    second.end()
    assert find_night_to_continue(new_home, again) is None
    assert saved_steps.read_step(new_home, first.night.night_id, saved_steps.Landed) is None, "the second night reports it"


def test_a_changed_candidate_is_built_again(week_copy: Home) -> None:
    """Changed by hand, or by a later landing: what was built is no longer what would be published."""
    run = NightRun(week_copy, plan=saved_steps.Plan(publishes=False))
    run.land()
    week_copy.seeds.mkdir()
    words = week_copy.seeds / "vocabulary.csv"
    words.write_text(",".join(OWN_LISTS["vocabulary"]), encoding="utf-8")
    run.build_part({"mart_naloxone"})
    run.end()
    changed = candidate.inputs_of(week_copy)
    assert saved_steps.read_current_build(week_copy, run.night.night_id, changed) is None, "a list changed meanwhile"
    words.unlink()
    assert saved_steps.read_current_build(week_copy, run.night.night_id, candidate.inputs_of(week_copy)) is not None
    os.utime(week_copy.candidate / WORK)
    assert saved_steps.read_current_build(week_copy, run.night.night_id, candidate.inputs_of(week_copy)) is None
    assert saved_steps.read_step(week_copy, run.night.night_id, saved_steps.Landed) == run.landed, "landed files stay"


def test_an_unreadable_saved_step_is_ignored(new_home: Home) -> None:
    run = NightRun(new_home)
    run.begin()
    run.land()
    run.end()
    (path,) = (new_home.nights / "steps").glob("*/landed.json")
    for broken in ("{", '{"entries": 1}', ""):
        path.write_text(broken)
        assert saved_steps.read_step(new_home, run.night.night_id, saved_steps.Landed) is None
