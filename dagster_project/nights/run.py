"""Runs a night: waits for the lock, calls the steps in order, and writes the receipt. `steps` has what they hand on.

Dagster calls them as assets and checks; nothing here knows of Dagster. Wherever a night stops, the next one succeeds by itself,
and another process can continue this one.
"""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import duckdb

from dagster_project import public_form
from dagster_project.audit import anchor, record
from dagster_project.core import memory
from dagster_project.core.checks import Check
from dagster_project.core.config import Config, read_config
from dagster_project.core.home import Engine, Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import (
    Night,
    NightUnderWayError,
    Receipt,
    read_receipts,
    refuse_sample,
    take_lock,
)
from dagster_project.core.worker_process import WORKER
from dagster_project.landing import LedgerEntry
from dagster_project.publishing import kept_nights, outputs, postgres
from dagster_project.publishing.postgres import LoadOutcome
from dagster_project.quality import engine, gate, results
from dagster_project.transform import candidate, dbt_runner, spark
from dagster_project.transform.changed_months import loads_of
from dagster_project.transform.dbt_runner import Node

from . import alerts, lifecycle, partial_build, steps
from .build_step import build_candidate, build_on_spark
from .errors import BuildFailedError, NightFailedError, NightHeldError, NotServedError, held_reason
from .land_step import erase_expired_loads, land_inbox
from .listener import Listener
from .night_so_far import NightSoFar
from .nothing_new import find_unchanged, is_known_by_name
from .publish_step import erase_kept, keep_published, publish_candidate
from .steps import Built, Judged, Landed, Plan


class NightRun(NightSoFar):
    """One night, from the inbox to the published file.

    `inbox`: where files are read; when None, where the settings say, else the home's own, whose files are then moved to the
    archive. Another folder is left as it is. `rebuild`: build everything, not only what can have changed since the last
    night. `period`: take only files whose covered window touches it, first and last day. `sample`: the home is one of
    made-up data. `patience`: for how many seconds in all a step of Dagster's tries again what can pass by itself. `plan`: which
    steps it is to take, and the night that it goes on with.
    """

    def __init__(
        self,
        home: Home,
        inbox: Path | None = None,
        listener: Listener | None = None,
        rebuild: bool = False,
        *,
        period: tuple[date, date] | None = None,
        sample: bool = False,
        patience: float = 0,
        engine: Engine | None = None,
        plan: Plan | None = None,
    ) -> None:
        super().__init__(home, plan or Plan())
        self.inbox = inbox
        self.listener = listener or Listener()
        self.rebuild = rebuild
        self.config = Config()
        """The home's settings, once the night has begun."""
        self.key_of: Home | None = None
        """Whose key the chance of rounded public figures is made of, where it is another home's."""
        self.engine = engine
        self.since: str | None = None
        """Files that landed after this night are tonight's; after the published one, where it is None."""
        self.period = period
        self.sample = sample
        self.patience = patience
        self._worker_judges = False
        self._lock: TextIO | None = None
        self._umask = 0o077

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.listener.stage(name)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - began, 3)

    def begin_within(self, seconds: float) -> Night:
        """Begin, and wait at most so long for another night to release the lock. Raises as `begin` does."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.begin()
            except NightUnderWayError as error:
                left = until - time.monotonic()
                if left <= 0:
                    since = lifecycle.under_way_since(self.home)
                    raise NightUnderWayError(f"{error}{f' (it began at {since})' if since else ''}") from None
                self.listener.wait("another night is under way", left)
                time.sleep(min(1, left))

    def begin(self) -> Night:
        """Take the home's lock and give the night its id.

        Raises NightUnderWayError, SampleHomeError, ConfigError for settings that can't be meant, and SparkMissingError.
        """
        if self.night is None:
            if not self.sample:
                refuse_sample(self.home)
            self.config = read_config(self.home)
            self.engine = self.engine or self.config.night.engine
            if not self.sample:
                self.inbox = self.inbox or self.config.night.inbox
            if self.engine == "spark":
                spark.require()
            self.take()
            try:
                going_on = steps.find(self.home, self.plan)
                # What this run ends itself, it tells itself.
                own = going_on.night_id if going_on and self.plan.publishes else None
                self.noted += [r for r in lifecycle.note_interrupted(self.home) if r.night_id != own]
                if any(receipt.outcome == "failed" for receipt in self.noted):
                    # Told now, as this night may end in the same way. Alerts never keep a night from beginning.
                    with suppress(Exception):
                        alerts.tell(self.ended)
                kept_nights.repair(self.home)
                memory.delete_spill(self.home)
                night = going_on or Night.begin(self.home)
                if self.plan.publishes:
                    lifecycle.mark(night)
                if going_on:
                    self._take_up(night)
                else:
                    begun = steps.Begun(night.night_id, night.started_at, night.today, self.plan.run_id)
                    steps.keep(self.home, night.night_id, begun)
            except BaseException:
                self.end()
                raise
            self.night = night
        return self.night

    def take(self) -> None:
        """Take the home's lock, until `end`. Raises NightUnderWayError."""
        self._lock = take_lock(self.home)
        # What the libraries write in the home is the owner's alone, too.
        self._umask = os.umask(0o077)

    def land(self, only: Collection[str] | None = None) -> list[LedgerEntry]:
        """Land the inbox, once. Returns what became of each file that is new. `only`: the files of these extracts alone."""
        night = self.begin()
        if self.landed:
            return self.entries
        with self._step("landing"):
            # What an earlier try of this landing committed still counts, and so does what a run of some assets landed:
            # no receipt has either yet.
            unreported = {night.night_id, *steps.unfinished(self.home)} if self.plan.publishes else {night.night_id}
            entries = land_inbox(
                night, self.inbox or self.home.inbox, only=only, period=self.period, archive=self.inbox is None,
                settled_seconds=0 if self.sample else self.config.night.settled_seconds,
                unreported=unreported, progress=self.listener.file,
            )  # fmt: skip
            erased = erase_expired_loads(night, self.config) if only is None else ()
        self.landed = Landed(entries, erased, self.seconds["landing"])
        self._hand_on(self.landed)
        return self.entries

    def leave_early(self) -> bool:
        """End the night at once if the ledger knows every name in the inbox and nothing else is new: before the libraries for
        building and judging are loaded. Returns whether it is over.
        """
        self.begin()
        inbox = self.inbox or self.home.inbox
        # With PostgreSQL the whole night runs, as it checks which night is served there.
        if self.rebuild or not inbox.is_dir() or postgres.is_configured():
            return False
        if not is_known_by_name(self.home, inbox) or candidate.published_nodes_if_unchanged(self.home) is None:
            return False
        self.land()
        return self.leave_unchanged()

    def leave_unchanged(self) -> bool:
        """After landing: end the night without building or publishing, if the ledger has nothing new, no row was erased, and
        nothing that figures are made from has changed. Returns whether it did.

        What is published stays true, apart from two things: how late an extract is, which `pam status` and alerts work out
        themselves, and the day on which originals were erased, which the next publication has in `meta.files`.
        """
        night = self._begun()
        if not self.plan.publishes or self.rebuild or self.noted or any(e.outcome != "known" for e in self.entries):
            return False
        if any(e.kind != "archive" for e in self.erased):
            return False
        unchanged = find_unchanged(night, self.config)
        if unchanged is None:
            return False
        night_id, self.made, self.judged = unchanged
        receipt = self._receipt("unchanged", f"no new file: night {night_id} stays published")
        self._write(replace(receipt, checks=[], stands=night_id, audit=anchor(self.home)).finished(night))
        return True

    def load_ahead(self) -> None:
        """Let the worker load what the gate and the outputs need while this process builds, and judge there later.

        For a process that runs a single night, and ends it with `end`: a process that runs several has the gate loaded after
        the first.
        """
        if not engine.is_loaded():
            self._worker_judges = True
            WORKER.load(gate.__name__)
            WORKER.submit(engine.load)
        # After the gate, which is asked first.
        outputs.load_early(outputs.chosen_outputs(self.config))

    def build(self) -> list[Node]:
        """Build the candidate. Raises NightFailedError for a model, NightHeldError for a test of dbt's that fails."""
        night = self._begun()
        with self._step("building"):
            made, loads = (
                build_on_spark(night, self.config.spark, since=self.since, progress=self.listener.node)
                if self.engine == "spark"
                else build_candidate(night, rebuild=self.rebuild, since=self.since, progress=self.listener.node)
            )
            extracts = sorted({str(load.entry.extract) for load in loads})
            record(self.home, "combination", night_id=night.night_id, extracts=extracts, loads=len(loads))
        return self._built(made)

    def build_part(self, names: Collection[str]) -> list[Node]:
        """Build these models and seeds, and what they rest on that is not built yet, in the candidate. Returns what was built.

        The next night builds all of the candidate anew. Raises as `build`.
        """
        night = self._begun()
        if self.engine == "spark":
            # It builds everything, always.
            return self.build()
        before = self.made if self.made and self.made.state else None
        with self._step("building"):
            made = partial_build.build(self.home, night, names, before, self.listener.node)
            record(self.home, "combination", night_id=night.night_id, models=sorted(names))
        self.judged = None
        self._built(made)
        return list(made.built)

    def _built(self, made: Built) -> list[Node]:
        """Take what was built, and hand it on. Raises NightFailedError and NightHeldError."""
        self.made = replace(made, seconds=self.seconds["building"])
        broken = dbt_runner.failed_models(self.nodes)
        if not self.nodes or any(n.status == "error" for n in broken):
            raise BuildFailedError.of(broken)
        # A test that fails has what rests on its model skipped: the night is held for the test.
        tests = dbt_runner.checks(self.nodes)
        if gate.held_by(tests):
            self.judged = Judged(tuple(tests))
            raise self._held()
        if broken:
            raise BuildFailedError.of(broken)
        self.made = replace(self.made, state=candidate.state_of(self.home))
        self._hand_on(self.made)
        return self.nodes

    def catch_up(self, judged: bool = False) -> None:
        """Build the candidate where no step has, and with `judged` ask the gate, too: for a run that begins in the middle.

        What another process built stands, unless something of it has changed since. Raises as `build` and `judge`.
        """
        self.begin()
        if self.receipt is None and (self.made is None or self.made.left) and not self.leave_unchanged():
            self.build()
        if judged and self.judged is None and self.judge() and gate.held_by(self.checks or []):
            raise NightHeldError(held_reason(self.checks or []))

    def judge(self) -> list[Check]:
        """Ask the gate. Returns every check, passed or not; `publish` refuses where one holds the night."""
        night = self._begun()
        if self._is_unchanged():
            return self.checks or []
        if not self.made or self.made.left:
            raise NightFailedError("nothing was checked: build the candidate first")
        with self._step("checking"):
            public_form.publish_public(self.home, self.config.public, self.key_of)
            # The public form is part of the candidate.
            self._hand_on_present_state()
            kept = results.path_of(self.home, night.night_id)
            asked = (self.home, kept, self.config.public)
            judged = WORKER.submit(gate.judge, *asked).result() if self._worker_judges else gate.judge(*asked)
            checks = (*dbt_runner.checks(self.nodes), *judged)
            if not self.nodes or not checks:
                raise NightFailedError("nothing was checked: build the candidate first")
        self.judged = Judged(checks, self.seconds["checking"])
        if gate.held_by(checks):
            self._held()
        else:
            self._hand_on(self.judged)
        return list(checks)

    def publish(self) -> Receipt:
        """Publish the candidate and its outputs. Raises NightHeldError, NightFailedError where the gate was not asked, and
        OutputError where an output could not be written."""
        night = self._begun()
        if self.receipt and self.receipt.outcome in ("published", "unchanged"):
            return self.receipt
        if self.checks is None:
            raise NightFailedError("nothing was checked: a night is published only after its gate")
        if gate.held_by(self.checks):
            raise NightHeldError(held_reason(self.checks or []))
        with self._step("publishing"):
            receipt = self._receipt("published", "")
            with self._candidate_stands():
                digest, written = publish_candidate(night, self.config, self.checks, receipt)
            undone = keep_published(night, self.config)
            # What the figures rest on, before rows are erased.
            loads = loads_of(self.home)
            erased, unerased = erase_kept(night, self.config)
            landed = self.landed or Landed()
            self.landed = replace(landed, erased=(*landed.erased, *erased))
        written_outputs = outputs.as_dicts(written)
        problems = [problem for _, problem, _ in outputs.problems_of(written_outputs)]
        receipt = replace(
            receipt,
            reason="; ".join(filter(None, (*problems, *undone, unerased))) or receipt.reason,
            sha256=digest,
            erased=len(self.erased),
            outputs=written_outputs,
            audit=anchor(self.home),
            seconds=self.seconds,
        ).finished(night)
        self._write(receipt)
        candidate.save_base(self.home, self.nodes, digest, loads)
        return receipt

    @contextmanager
    def _candidate_stands(self) -> Iterator[None]:
        """Where the night can't be published, have the candidate as it is left go for the one that was built."""
        try:
            yield
        except Exception:
            with suppress(OSError):
                self._hand_on_present_state()
            raise

    def serve(self) -> LoadOutcome:
        """Take the published night to the PostgreSQL that the environment names. Its receipt says what became of that.

        Raises NotServedError where it is not there; the night is published all the same.
        """
        night = self._begun()
        if self.receipt is None and not self.plan.publishes:
            stands = published_night(self.home)
            self.receipt = next((r for r in read_receipts(self.home) if r.night_id == stands), None)
        if self.receipt is None or self.receipt.outcome not in ("published", "unchanged"):
            raise NightFailedError("nothing was published: a night goes to PostgreSQL only after that")
        with self._step("serving"):
            brought = postgres.load_tonight(self.home)
        receipt = replace(self.receipt, postgres=brought.as_dict(), seconds={**self.receipt.seconds, **self.seconds})
        self._write(receipt.finished(night) if receipt.night_id == night.night_id else receipt)
        if brought.outcome == "failed":
            raise NotServedError(brought.reason, is_transient=brought.is_transient)
        return brought

    def fail(self, error: BaseException | str) -> Receipt | None:
        """Write down that the night failed, unless it is down already that it was held or published.

        None where it can't even begin: then no receipt is written, and `unbegun` says why.
        """
        if self.receipt is None:
            reason, cause = lifecycle.explain(error)
            if self.night is None:
                try:
                    self.begin()
                except Exception:
                    self.unbegun, self.unbegun_cause = reason, cause
                    return None
            night = self._begun()
            receipt = replace(self._receipt("failed", reason), cause=cause)
            if published_night(self.home) == night.night_id:
                # What stopped it may keep it from being read, too: then the receipt says so much less.
                with suppress(OSError, duckdb.Error):
                    receipt = lifecycle.with_published_facts(self.home, receipt)
                receipt = replace(receipt, outcome="published", reason=f"stopped after publishing: {reason}")
            self._write(receipt.finished(night))
        return self.receipt

    def end(self, keep_mark: bool = False) -> None:
        """Give the lock back. `keep_mark`: leave the next night to write down what became of this one."""
        WORKER.stop()
        if self._lock:
            # What can't be removed now is removed by the next night.
            with suppress(OSError):
                memory.delete_spill(self.home)
            if self.night and not keep_mark:
                lifecycle.unmark(self.home)
            os.umask(self._umask)
            self._lock.close()
            self._lock = None
