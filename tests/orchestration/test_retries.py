"""Transient errors are retried with growing waits; other errors end the night at once. A receipt is written once."""

import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from support import SILENT, write_extract

from dagster_project.core import errors
from dagster_project.core.config import ConfigError
from dagster_project.core.errors import Cause, InboxMissingError, interrupt_in, is_transient, seconds_before_retry
from dagster_project.core.home import Home
from dagster_project.core.home_lists import HomeListError
from dagster_project.core.made_up_home import SampleHomeError
from dagster_project.core.night_lock import NightUnderWayError, locked
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import read_receipts
from dagster_project.definitions import build_defs
from dagster_project.landing import PseudonymKeyError, read_ledger
from dagster_project.landing.storage import raw_store
from dagster_project.nights import land_step, night_run, night_state
from dagster_project.nights.errors import BuildFailedError, NightHeldError
from dagster_project.nights.interrupted_nights import INTERRUPTED, explain
from dagster_project.nights.night_run import NightRun
from dagster_project.orchestration import night_resource
from dagster_project.orchestration.checks import check_specs
from dagster_project.publishing import publish
from dagster_project.quality import engine
from dagster_project.transform import raw_schema

pytestmark = pytest.mark.begin_first

PATIENCE = 0.3
ORDERS = ["order_ref", "order_date", "amount", "recipient"]


@pytest.mark.parametrize(
    "error",
    [
        NightUnderWayError("x"),
        InboxMissingError("/data: no such folder"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EIO, "Input/output error"),
        OSError(errno.ESTALE, "Stale file handle"),
        TimeoutError(errno.ETIMEDOUT, "timed out"),
        duckdb.IOException('IO Error: Could not set lock on file "/x/work.duckdb": Conflicting lock is held'),
        duckdb.IOException("IO Error: Could not write file: No space left on device"),
        BuildFailedError.quoting("dbt could not build 1 of the models: m: IO Error: No space left on device"),
    ],
    ids=repr,
)
def test_transient_errors(error: Exception) -> None:
    assert is_transient(error)
    try:
        raise RuntimeError("outer") from error
    except RuntimeError as outer:
        assert is_transient(outer)


@pytest.mark.parametrize(
    "error",
    [
        None,
        NightHeldError("crimes: share_quarantined: pct 60"),
        BuildFailedError.quoting("dbt could not build 1 of the models: m: Conversion Error: x"),
        HomeListError("seeds/areas.csv: line 2: lpu_name is blank"),
        ConfigError("pam.toml: keep.publications: too few"),
        PseudonymKeyError("the pseudonym key has changed"),
        SampleHomeError("holds made-up sample data"),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EROFS, "Read-only file system"),
        duckdb.CatalogException("Catalog Error: no such table"),
        ValueError("x"),
    ],
    ids=repr,
)
def test_permanent_errors(error: Exception | None) -> None:
    assert not is_transient(error)


def test_an_interrupt_is_found_below_an_error_of_the_clean_up() -> None:
    stop = KeyboardInterrupt()
    try:
        try:
            try:
                raise stop
            finally:
                raise ValueError("connection is busy")  # noqa: B012
        except ValueError as error:
            raise RuntimeError("dbt build: connection is busy") from error
    except RuntimeError as error:
        assert interrupt_in(error) is stop and explain(error) == (INTERRUPTED, Cause.INTERRUPTED)
    assert interrupt_in(ValueError("x")) is None and interrupt_in(None) is None
    assert explain(ValueError("x")) == ("x", Cause.OTHER)


def test_waits_double_and_add_up_to_the_patience() -> None:
    waits = [[seconds_before_retry(n, 900) for n in range(1, errors.TRIES + 1)] for _ in range(200)]
    for own in waits:
        assert 800 <= sum(own) <= 1000
        for n, seconds in enumerate(own):
            assert 0.9 * 60 * 2**n <= seconds <= 1.1 * 60 * 2**n
    assert len({round(own[0], 3) for own in waits}) > 50, "two waiting nights do not always retry at the same moment"


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, module: object, name: str, times: int, error: Exception) -> Iterator[list[int]]:
    """Make a function of the night raise `error` so many times, and then do its work."""
    real, calls = getattr(module, name), [0]

    def call(*args: object, **more: object) -> object:
        calls[0] += 1
        if calls[0] <= times:
            raise error
        return real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, call)
        yield calls


@pytest.fixture
def small_home(new_home: Home) -> Home:
    """A home with one file of one extract."""
    rows = [["M1", "2025-05-01", "10", "Police"]]
    write_extract(new_home.inbox, "mda_orders", rows, columns=ORDERS)
    return new_home


LANDING = [dg.AssetKey(["raw", x]) for x in ("mda_orders", "stop_search")]


def run_job(
    home: Home,
    patience: float = PATIENCE,
    only: list[dg.AssetKey] | None = None,
    listener: night_run.Listener | None = None,
) -> tuple[NightRun, dg.ExecuteInProcessResult]:
    """The job, or only its step that makes `only`."""
    engine.preload()
    run = NightRun(home, listener=listener, patience=patience)
    job = build_defs(run).resolve_job_def("nightly")
    try:
        result = job.execute_in_process(raise_on_error=False, run_config=SILENT, asset_selection=only)
    finally:
        run.end()
    return run, result


def retried(result: dg.ExecuteInProcessResult) -> list[str]:
    return [e.step_key for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY]


def hooks(result: dg.ExecuteInProcessResult) -> int:
    return sum(e.event_type == dg.DagsterEventType.HOOK_COMPLETED for e in result.all_events)


FULL = OSError(errno.ENOSPC, "No space left on device")


@dataclass(frozen=True)
class Launched:
    """A run of the whole job for a past period, as the page launches it, with transient errors in four of its steps."""

    home: Home
    inbox: Path
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Launched:
    """To be read, not changed."""
    folder = tmp_path_factory.mktemp("launched")
    home, inbox = Home(folder / "home").create(), folder / "old"
    for year in ("2020", "2022"):
        rows = [[f"M{year}", f"{year}-05-01", "10", "Police"]]
        write_extract(inbox, "mda_orders", rows, columns=ORDERS, window=(f"{year}-01-01", f"{year}-12-31"))
    write_extract(home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    home.config_file.write_text(f'[night]\ninbox = "{inbox}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAM_HOME", str(home.path))
        patch.setattr(night_resource, "PATIENCE", PATIENCE)
        with (
            failing(patch, land_step.landing, "land_files", 2, FULL),
            failing(patch, raw_schema, "prepare_raw", 1, duckdb.IOException("Could not set lock on file")),
            failing(patch, night_run.gate, "judge", 1, OSError(errno.EIO, "Input/output error")),
            failing(patch, publish, "seal", 1, FULL),
        ):
            result = launch({"from": "2022-03-01", "to": "2022-03-31"})
    return Launched(home, inbox, result)


def launch(config: dict[str, object]) -> dg.ExecuteInProcessResult:
    """The job in the home of the environment, with a config of its night."""
    engine.preload()
    job = build_defs().resolve_job_def("nightly")
    return job.execute_in_process(run_config={**SILENT, "resources": {"night": {"config": config}}}, raise_on_error=False)


def test_failed_steps_are_retried_and_the_night_has_one_receipt(launched: Launched) -> None:
    assert launched.result.success
    assert retried(launched.result) == ["landing", "landing", "models", "gate", "publishing"]
    assert hooks(launched.result) == 0, "a retried step has not failed"
    (receipt,) = read_receipts(launched.home)
    assert receipt.outcome == "published" and [f["outcome"] for f in receipt.files] == ["accepted"]


def test_the_config_of_a_run_can_name_a_past_period(launched: Launched) -> None:
    (receipt,) = read_receipts(launched.home)
    assert [f["covered_from"] for f in receipt.files] == ["2022-01-01"] and len(list(launched.inbox.iterdir())) == 2
    assert len(list(launched.home.inbox.iterdir())) == 1
    materializations = launched.result.asset_materializations_for_node("publishing")
    (warehouse,) = [m for m in materializations if m.asset_key.path[-1] == "warehouse"]
    table = warehouse.metadata["covered"].value
    assert "| mda_orders | derbyshire | 31 of 31 | nothing |" in table and "| naloxone" not in table.split("never")[0]


def test_every_blocking_check_has_an_answer_even_with_nothing_to_judge(launched: Launched) -> None:
    blocking = {s.key for s in check_specs(launched.home) if s.blocking and s.asset_key.path[0] == "marts"}
    descriptions = {e.asset_check_key: e.description or "" for e in launched.result.get_asset_check_evaluations()}
    assert blocking and blocking <= descriptions.keys()
    in_no_report = dg.AssetCheckKey(dg.AssetKey(["marts", "mart_street_crime"]), "cell_not_its_mart")
    assert descriptions[in_no_report].startswith("Nothing to judge")


def test_the_config_of_a_run_can_t_name_a_folder_or_half_a_period(small_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise anybody who reaches the page could publish figures of their own."""
    monkeypatch.setenv("PAM_HOME", str(small_home.path))
    with pytest.raises(dg.DagsterInvalidConfigError, match='unexpected config entry "inbox"'):
        launch({"inbox": str(small_home.inbox)})
    with pytest.raises(dg.DagsterResourceFunctionError):
        build_defs().resolve_job_def("nightly").execute_in_process(
            run_config={**SILENT, "resources": {"night": {"config": {"from": "2022-01-01"}}}}
        )
    assert read_receipts(small_home) == []


def test_after_the_last_retry_the_night_fails_once_with_its_reason(small_home: Home, monkeypatch) -> None:
    with failing(monkeypatch, land_step.landing, "land_files", 99, FULL) as calls:
        run, result = run_job(small_home, only=LANDING)
    assert not result.success and calls == [errors.TRIES + 1]
    assert retried(result) == ["landing"] * errors.TRIES and hooks(result) == 1
    (receipt,) = read_receipts(small_home)
    assert receipt.outcome == "failed" and receipt.reason.startswith("[Errno 28] No space left on device: make room")
    assert run.receipt == receipt


def test_a_permanent_error_ends_the_night_at_once(small_home: Home, monkeypatch) -> None:
    """Any error of `test_permanent_errors`."""
    error = PermissionError(errno.EACCES, "Permission denied")
    with failing(monkeypatch, land_step.landing, "land_files", 99, error) as calls:
        _, result = run_job(small_home, only=LANDING)
    assert calls == [1] and retried(result) == [] and hooks(result) == 1
    (receipt,) = read_receipts(small_home)
    assert receipt.outcome == "failed" and receipt.reason.startswith(str(error))


def test_without_patience_nothing_is_retried(small_home: Home, monkeypatch) -> None:
    with failing(monkeypatch, land_step.landing, "land_files", 1, FULL):
        _, result = run_job(small_home, patience=0, only=LANDING)
    assert retried(result) == [] and [r.outcome for r in read_receipts(small_home)] == ["failed"]


def test_interrupted_landing_resumes_and_counts_each_file_once(small_home: Home, monkeypatch) -> None:
    """The disk fills after the first extract is committed and its file moved."""
    searches = ["search_ref", "searched_at", "object_of_search", "object_found"]
    write_extract(small_home.inbox, "stop_search", [["S1", "2025-05-01 10:00", "Drugs", "N"]], columns=searches)
    real, calls = raw_store.write_raw, [0]

    def fills(con: object, home: Home, load: object, *more: object) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise FULL
        real(con, home, load, *more)

    monkeypatch.setattr(raw_store, "write_raw", fills)
    run, result = run_job(small_home, only=LANDING)
    assert result.success and retried(result) == ["landing"] and calls == [3]
    assert sorted((e.extract, e.outcome) for e in run.entries) == [("mda_orders", "accepted"), ("stop_search", "accepted")]
    assert len(read_ledger(small_home)) == 2 and not list(small_home.inbox.iterdir())


def test_an_error_after_publishing_is_not_retried_and_the_night_stays_published(small_home: Home, monkeypatch) -> None:
    with failing(monkeypatch, night_state, "write_receipt", 1, FULL):
        run, result = run_job(small_home, only=[dg.AssetKey(["published", "warehouse"])])
    assert retried(result) == [] and run.receipt.outcome == "published" and not result.success
    assert published_night(small_home) == run.receipt.night_id


def test_a_lock_that_is_released_in_time_is_waited_for(small_home: Home, monkeypatch) -> None:
    handle = locked(small_home)
    handle.__enter__()
    waits: list[str] = []

    class WaitListener(night_run.Listener):
        def wait(self, reason: str) -> None:
            waits.append(reason)
            handle.__exit__(None, None, None)

    _, result = run_job(small_home, only=LANDING, listener=WaitListener())
    assert result.success and retried(result) == ["landing"]
    (reason,) = waits
    assert re.fullmatch(r"another night is under way.*: trying again in \d+ s", reason)
    assert [e.outcome for e in read_ledger(small_home)] == ["accepted"]


def test_a_lock_that_is_never_released_leaves_no_receipt(small_home: Home) -> None:
    with locked(small_home):
        run, result = run_job(small_home, only=LANDING)
    assert not result.success and len(retried(result)) == errors.TRIES
    assert run.receipt is None and "another night is under way" in run.not_started and read_receipts(small_home) == []


def test_a_night_waits_for_another(pam: Callable, small_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = locked(small_home)
    handle.__enter__()
    run = NightRun(small_home)
    with monkeypatch.context() as patch:
        patch.setattr(night_run.time, "sleep", lambda _: handle.__exit__(None, None, None))
        run.begin_within(30)
        assert run.night
    run.end()
    with locked(small_home):
        started = time.monotonic()
        result = pam("nightly", "--home", small_home.path, "--wait", "1")
        assert time.monotonic() - started >= 1
        assert result.exit_code == 1 and "another night is under way" in result.stderr


def test_a_partial_run_is_no_night_and_releases_the_lock(small_home: Home, monkeypatch) -> None:
    monkeypatch.setenv("PAM_HOME", str(small_home.path))
    job = build_defs().resolve_job_def("nightly")
    result = job.execute_in_process(run_config=SILENT, asset_selection=[dg.AssetKey(["raw", "mda_orders"])])
    assert result.success
    assert read_receipts(small_home) == [] and not (small_home.nights / "alerts.jsonl").exists(), "no alert of a failed night"
    with locked(small_home):
        assert [e.outcome for e in read_ledger(small_home)] == ["accepted"]
