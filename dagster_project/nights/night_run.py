"""One night: takes the home's lock, has the steps that a caller calls in order, and writes the receipt.

`run_steps` calls them for the command line, Dagster's assets and checks for `pam serve`; nothing here imports Dagster. Wherever
a night stops, the next one needs no help, and another process can continue this one from `saved_steps`.
"""

import time
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TextIO

import duckdb

from dagster_project import public_form
from dagster_project.audit import anchor, record
from dagster_project.core import memory
from dagster_project.core.check_results import Check
from dagster_project.core.config import Config, read_config
from dagster_project.core.errors import TRIES, is_transient, seconds_before_retry
from dagster_project.core.home import Engine, Home
from dagster_project.core.made_up_home import refuse_sample
from dagster_project.core.night_lock import NightUnderWayError, take_lock
from dagster_project.core.permissions import require_group
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import Night, Receipt, read_receipt
from dagster_project.core.worker_process import BUILDER, WORKER, call_now
from dagster_project.landing import LedgerEntry
from dagster_project.landing.storage.vocabulary import note_known_since
from dagster_project.publishing import keep_and_prune, outputs, postgres
from dagster_project.publishing.postgres import LoadOutcome
from dagster_project.quality import engine, gate, stored_results
from dagster_project.transform import candidate, dbt_runner, spark
from dagster_project.transform.changed_months import loads_of
from dagster_project.transform.dbt_runner import Node

from . import alerts, build_step, interrupted_nights, saved_steps
from .errors import BuildFailedError, NightFailedError, NightHeldError, NotInPostgresError, held_reason
from .land_step import erase_unused, land_inbox
from .night_state import NightState, find_unchanged
from .publish_step import erase_expired, keep_publication, publish_candidate
from .saved_steps import Built, Judged, Landed, Plan


class Listener:
    """Called while a night runs. Does nothing itself: `pam nightly` overrides it to show progress."""

    def step(self, name: str) -> None:
        """A step starts: landing, building, checking, publishing, and serving, which loads PostgreSQL."""

    def file(self, entry: LedgerEntry) -> None:
        """A file has landed, or was held or refused."""

    def node(self, name: str, status: str) -> None:
        """dbt has finished a node."""

    def wait(self, reason: str) -> None:
        """The night waits and tries again, because the fault may pass: why, and how long."""


class NightRun(NightState):
    """One night, from the inbox to the published file.

    `inbox`: the folder to read; None: the one in the settings, or else the home's own. Only files of the home's own inbox are
    moved to the archive. `rebuild`: build everything, not only what may have changed since the last night. `period`: first and
    last day; only files whose covered window touches it are read. `sample`: the home has made-up data. `patience`: for how
    many seconds in all a step is tried again after a fault that may pass. `plan`: which steps to take, and which night to
    continue.
    """

    def __init__(
        self, home: Home, inbox: Path | None = None, listener: Listener | None = None, rebuild: bool = False, *,
        period: tuple[date, date] | None = None, sample: bool = False, patience: float = 0, engine: Engine | None = None,
        plan: Plan | None = None,
    ) -> None:  # fmt: skip
        super().__init__(home, plan or Plan())
        self.inbox = inbox
        self.told_inbox = str(inbox.absolute()) if inbox else ""
        self.told_period = " ".join(map(str, period)) if period else ""
        self.listener = listener or Listener()
        self.rebuild = rebuild
        self.config = Config()
        """The home's settings, once the night has started."""
        self.engine = engine
        self.since: str | None = None
        """Files that landed after this night are tonight's; None: after the published one."""
        self.period = period
        self.sample = sample
        self.patience = patience
        self._worker_judges = False
        self._lock: TextIO | None = None

    @contextmanager
    def _step(self, name: str) -> Generator[None]:
        self.listener.step(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - start, 3)

    def begin_within(self, seconds: float) -> None:
        """Begin, waiting up to `seconds` for another night to release the lock. Raises as `begin`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.begin()
                return
            except NightUnderWayError as error:
                seconds_left = deadline - time.monotonic()
                if seconds_left <= 0:
                    since = interrupted_nights.under_way_since(self.home)
                    raise NightUnderWayError(f"{error}{f' (it began at {since})' if since else ''}") from None
                self.listener.wait(f"another night is under way: waiting for up to {seconds_left:.0f} s")
                time.sleep(min(1, seconds_left))

    def begin(self) -> Night:
        """Take the home's lock and give the night its id.

        Raises NightUnderWayError, SampleHomeError, ConfigError for invalid settings or a group that is not there, and
        SparkMissingError.
        """
        if self.night is None:
            if not self.sample:
                refuse_sample(self.home)
            # What can't be read ends the step that needs it.
            with suppress(OSError):
                self.inputs = candidate.inputs_of(self.home)
            self.config = read_config(self.home)
            require_group(self.config.publish.group)
            self.engine = self.engine or self.config.night.engine
            if not self.sample:
                self.inbox = self.inbox or self.config.night.inbox
            if self.engine == "spark":
                spark.require()
            self._lock = take_lock(self.home)
            try:
                continued = saved_steps.find_night_to_continue(self.home, self.plan)
                # The night that this run finishes gets its receipt and alert at its end.
                continued_id = continued.night_id if continued and self.plan.publishes else None
                self.interrupted += [
                    r for r in interrupted_nights.recover_interrupted_nights(self.home) if r.night_id != continued_id
                ]
                if any(receipt.outcome == "failed" for receipt in self.interrupted):
                    # Sent now, because this night may end in the same way. A failed alert never stops a night from starting.
                    with suppress(Exception):
                        alerts.send_alerts(self.ended)
                with suppress(OSError, PublishError):
                    # The last night may have been killed before its file was kept.
                    keep_and_prune.keep_published(self.home)
                memory.delete_spill(self.home)
                night = continued or Night.begin(self.home)
                if self.plan.publishes:
                    interrupted_nights.mark(night, self.told_inbox, self.told_period)
                if continued:
                    self._resume(night)
                else:
                    begun = saved_steps.StartedNight(night.night_id, night.started_at, night.today, self.plan.run_id)
                    saved_steps.save_step(self.home, night.night_id, begun)
                if self.plan.publishes and not self.plan.lands:
                    self._add_unreported(night)
            except BaseException:
                self.end()
                raise
            self.night = night
        return self.night

    def land(self, only: Collection[str] | None = None) -> list[LedgerEntry]:
        """Land the inbox, once. Returns what became of each new file. `only`: land only files of these extracts."""
        night = self.begin()
        if self.landed:
            return self.entries
        with self._step("landing"):
            # No receipt has yet reported what an earlier try of this landing committed, or what a run of some assets landed.
            unreported = {night.night_id}
            if self.plan.publishes:
                unreported |= saved_steps.nights_without_receipt(self.home)
            entries = land_inbox(
                night, self.inbox or self.home.inbox, only=only, period=self.period, archive=self.inbox is None,
                settled_seconds=0 if self.sample else self.config.night.settled_seconds,
                unreported=unreported, progress=self.listener.file,
            )  # fmt: skip
            erased = erase_unused(night, self.config) if only is None else ()
        self.landed = Landed(entries, erased, self.seconds["landing"])
        self._save_step(self.landed)
        return self.entries

    def end_if_unchanged(self) -> bool:
        """After landing: end the night without building or publishing, if the ledger has nothing new, no row was erased, and
        nothing that figures are made from has changed. Returns whether it ended.

        What is published stays true but for two things: how late an extract is, which `pam status` and alerts work out, and the
        day on which originals were erased, which `meta.files` shows after the next publication.
        """
        night = self._started_night()
        if not self.plan.publishes or self.rebuild or self.interrupted or any(e.outcome != "known" for e in self.entries):
            return False
        if any(e.kind != "archive" for e in self.erased):
            return False
        unchanged = find_unchanged(night, self.config)
        if unchanged is None:
            return False
        night_id, self.built, self.judged = unchanged
        receipt = self._receipt("unchanged", f"no new file: night {night_id} stays published")
        self._write(replace(receipt, checks=[], stands=night_id, audit=anchor(self.home)).finished(night))
        return True

    def preload_worker(self) -> None:
        """Have the worker process load what the gate and the outputs need while this process builds, and later judge there.

        For a process that runs one night and then calls `end`. One that runs several has loaded the gate after the first.
        """
        if not engine.is_loaded():
            self._worker_judges = True
            WORKER.load(gate.__name__, engine.__name__)
        # After the gate, which is needed first.
        outputs.load_early(outputs.chosen_outputs(self.config))

    def build(self) -> list[Node]:
        """Build the candidate. Raises NightFailedError if a model fails, NightHeldError if a dbt test fails."""
        night = self._started_night()
        with self._step("building"):
            note_known_since(self.home, night.night_id)
            built, loads = (
                build_step.build_on_spark(night, self.config.spark, since=self.since, progress=self.listener.node)
                if self.engine == "spark"
                else build_step.build_candidate(night, rebuild=self.rebuild, since=self.since, progress=self.listener.node)
            )
            extracts = sorted({str(load.entry.extract) for load in loads})
            record(self.home, "combination", night_id=night.night_id, extracts=extracts, loads=len(loads))
        return self._accept_build(built)

    def build_part(self, names: Collection[str]) -> list[Node]:
        """Build these models and seeds in the candidate, with any parents that are not built yet. Returns what was built.

        The next night builds the whole candidate again. Raises as `build`.
        """
        night = self._started_night()
        if self.engine == "spark":
            # Spark always builds everything.
            return self.build()
        before = self.built if self.built and self.built.state else None
        with self._step("building"):
            note_known_since(self.home, night.night_id)
            built = build_step.build_part(night, names, before, self.listener.node)
            record(self.home, "combination", night_id=night.night_id, models=sorted(names))
        self.judged = None
        self._accept_build(built)
        return list(built.new_nodes)

    def _accept_build(self, built: Built) -> list[Node]:
        """Save what was built, if nothing failed. Raises NightFailedError and NightHeldError."""
        self.built = replace(built, seconds=self.seconds["building"])
        broken = dbt_runner.failed_models(self.nodes)
        if not self.nodes or any(n.status == "error" for n in broken):
            raise BuildFailedError.of(broken)
        # dbt skips what depends on a model whose test fails: the night is held for the test, not failed for skipped models.
        tests = dbt_runner.checks(self.nodes)
        if gate.held_by(tests):
            self.judged = Judged(tuple(tests))
            # The gate was not asked. `pam checks` shows the tests, and not an earlier night.
            stored_results.write_results(stored_results.path_of(self.home, self._started_night().night_id), [])
            raise self._hold()
        if broken:
            raise BuildFailedError.of(broken)
        self.built = replace(self.built, state=candidate.state_of(self.home, self.inputs))
        self._save_step(self.built)
        return self.nodes

    def ensure_built(self, judged: bool = False) -> None:
        """Build the candidate if it is not built or has changed since; with `judged` ask the gate, too.

        For a run that starts at a later step, such as a re-executed Dagster run. Raises as `build` and `judge`.
        """
        self.begin()
        if self.receipt is None and (self.built is None or self.built.left) and not self.end_if_unchanged():
            self.build()
        if judged and self.judged is None and gate.held_by(checks := self.judge()):
            raise NightHeldError(held_reason(checks))

    def judge(self) -> list[Check]:
        """Ask the gate. Returns every check, passed or not; `publish` refuses if one of them holds the night."""
        night = self._started_night()
        if self.receipt and self.receipt.outcome == "unchanged":
            return self.checks or []
        if not self.built or self.built.left:
            raise NightFailedError("nothing was checked: build the candidate first")
        with self._step("checking"):
            submit = WORKER.submit if self._worker_judges else call_now
            built = submit(gate.judge_built, self.home)
            public_form.write_public_form(self.home, self.config.public)
            # The public form is part of the candidate.
            self._save_candidate_state()
            results_file = stored_results.path_of(self.home, night.night_id)
            judged = submit(gate.judge, self.home, results_file, self.config.public, built.result()).result()
            checks = (*dbt_runner.checks(self.nodes), *judged)
            if not checks:
                raise NightFailedError("nothing was checked: the gate gave no answer")
        self.judged = Judged(checks, self.seconds["checking"])
        if gate.held_by(checks):
            self._hold()
        else:
            self._save_step(self.judged)
        return list(checks)

    def publish(self) -> Receipt:
        """Publish the candidate and its outputs. Raises NightHeldError, NightFailedError if the gate has not run, and
        OutputError if an output could not be written."""
        night = self._started_night()
        if self.receipt and self.receipt.outcome in ("published", "unchanged"):
            return self.receipt
        if self.checks is None:
            raise NightFailedError("nothing was checked: a night is published only after its gate")
        if gate.held_by(self.checks):
            raise NightHeldError(held_reason(self.checks))
        with self._step("publishing"):
            receipt = self._receipt("published", "")
            try:
                digest, written = publish_candidate(night, self.config, self.checks, receipt)
            except Exception:
                # Record the candidate's files as they are now, so that a continued night need not build again.
                with suppress(OSError):
                    self._save_candidate_state()
                raise
            not_kept = keep_publication(night, self.config)
            # The loads that the figures were made from, before rows are erased.
            loads = loads_of(self.home)
            erased, not_erased = erase_expired(night, self.config)
            landed = self.landed or Landed()
            self.landed = replace(landed, erased=(*landed.erased, *erased))
        written_outputs = outputs.as_dicts(written)
        problems = [problem for _, problem, _ in outputs.problems_of(written_outputs)]
        receipt = replace(
            receipt,
            reason="; ".join(filter(None, (*problems, *not_kept, not_erased))) or receipt.reason,
            sha256=digest,
            erased=len(self.erased),
            outputs=written_outputs,
            audit=anchor(self.home),
            seconds=self.seconds,
        ).finished(night)
        self._write(receipt)
        candidate.save_base(self.home, self.nodes, digest, loads, self.inputs)
        return receipt

    def load_postgres(self) -> LoadOutcome:
        """Load the published night into the PostgreSQL that the environment names, and note the outcome in its receipt.

        Raises NotInPostgresError if that fails; the night stays published.
        """
        night = self._started_night()
        if self.receipt is None and not self.plan.publishes:
            self.receipt = read_receipt(self.home, published_night(self.home))
        if self.receipt is None or self.receipt.outcome not in ("published", "unchanged"):
            raise NightFailedError("nothing was published: a night goes to PostgreSQL only after that")
        with self._step("serving"):  # The name that receipts have.
            outcome = postgres.load_tonight(self.home)
        receipt = replace(self.receipt, postgres=asdict(outcome), seconds={**self.receipt.seconds, **self.seconds})
        self._write(receipt.finished(night) if receipt.night_id == night.night_id else receipt)
        if outcome.outcome == "failed":
            raise NotInPostgresError(outcome.reason, is_transient=outcome.is_transient)
        return outcome

    def seconds_to_retry(self, error: Exception, attempt: int, after_all: bool = False) -> float | None:
        """Seconds until a failed step is tried again, for the `attempt`-th time, which the listener is told. None if it is not
        tried again: the fault does not pass by itself, the night's patience is over, or the night is published or has its
        receipt.

        `after_all`: the step comes after publishing, so it is tried again even then.
        """
        if attempt > TRIES or not self.patience or not is_transient(error) or (self.is_finished() and not after_all):
            return None
        seconds = seconds_before_retry(attempt, self.patience)
        self.listener.wait(f"{error}: trying again in {seconds:.0f} s")
        return seconds

    def fail(self, error: BaseException | str) -> Receipt | None:
        """Write the receipt of a failed night, unless there is a receipt already.

        Returns None if the night can't even start: then there is no receipt, and `not_started` says why.
        """
        if self.receipt is None:
            reason, cause = interrupted_nights.explain(error)
            if self.night is None:
                try:
                    self.begin()
                except Exception:
                    self.not_started, self.not_started_cause = reason, cause
                    return None
            night = self._started_night()
            receipt = replace(self._receipt("failed", reason), cause=cause)
            if published_night(self.home) == night.night_id:
                # The same fault may stop the published file from being read: then the receipt has fewer facts.
                with suppress(OSError, duckdb.Error):
                    receipt = interrupted_nights.with_published_facts(self.home, receipt)
                receipt = replace(receipt, outcome="published", reason=f"stopped after publishing: {reason}")
            self._write(receipt.finished(night))
        return self.receipt

    def end(self, keep_mark: bool = False) -> None:
        """Release the lock. `keep_mark`: leave the mark, so that the next night writes this one's receipt."""
        WORKER.stop()
        BUILDER.stop()
        if self._lock:
            # What can't be deleted now is deleted by the next night.
            with suppress(OSError):
                memory.delete_spill(self.home)
            if self.night and not keep_mark:
                interrupted_nights.mark_path(self.home).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
