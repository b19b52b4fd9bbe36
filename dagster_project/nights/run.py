"""The steps of a night, in order: land, build, judge, publish, serve. What they hand on is in `steps`, and on disk.

Dagster calls them as assets and checks; nothing here knows of Dagster. Each step leaves the home such that the next
night succeeds by itself, wherever this one stops, and such that another process can go on with this one.
"""

import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import duckdb

from dagster_project import public_form
from dagster_project.audit import anchor, record, told_before
from dagster_project.contracts import load_contracts
from dagster_project.core import memory
from dagster_project.core.checks import Check
from dagster_project.core.config import Config, read_config
from dagster_project.core.errors import Cause, InboxMissingError, PamError, with_advice
from dagster_project.core.home import Engine, Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import (
    Night,
    NightUnderWayError,
    Receipt,
    read_receipts,
    refuse_sample,
    stamp,
    take_lock,
    write_receipt,
)
from dagster_project.core.seeds import force_names
from dagster_project.editions.frozen import frozen_editions
from dagster_project.landing import (
    Erasure,
    InboxFile,
    LedgerEntry,
    accepted,
    erase_expired,
    erase_old,
    find_files,
    land_files,
    made_up,
    read_ledger,
)
from dagster_project.landing.file_days import with_windows
from dagster_project.landing.own_file_names import recognised_in
from dagster_project.publishing import dictionary, kept_nights, outputs, postgres, publish
from dagster_project.publishing.postgres import Brought
from dagster_project.quality import gate, results
from dagster_project.transform import candidate, dbt_runner, raw_schema, spark
from dagster_project.transform.changed_months import loads_of
from dagster_project.transform.dbt_runner import Node

from . import alerts, lifecycle, partial_build, steps
from . import erase_expired as keeping
from .accept_vocabulary import release_known
from .replaced_rows import count_superseded, list_withdrawn
from .steps import Built, Judged, Landed, Plan


class NightHeldError(PamError, RuntimeError):
    """The gate holds the night back. The last publication stands; the receipt has the rules."""


class NightFailedError(PamError, RuntimeError):
    """The night could not be finished. The last publication stands."""


class BuildFailedError(NightFailedError):
    """dbt could not build the marts: a model, a disk or another process is in the way. The message quotes dbt."""

    cause = Cause.MODEL


class NotServedError(PamError, RuntimeError):
    """The night is published, and PostgreSQL could not be given it: it serves what it served before."""


class Listener:
    """What a night tells those who watch. Does nothing; `pam nightly` draws its progress from it."""

    def stage(self, name: str) -> None:
        """A step begins: landing, building, checking, publishing, serving."""

    def file(self, entry: LedgerEntry) -> None:
        """A file is decided on."""

    def node(self, name: str, status: str) -> None:
        """dbt is done with a node."""

    def wait(self, reason: str, seconds: float) -> None:
        """Something that may pass is in the way: the night waits, and tries again."""


class NightRun:
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
        self.home = home
        self.plan = plan or Plan()
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
        self.noted: list[Receipt] = []
        """Receipts of earlier nights that did not live to write them."""
        self.unbegun: str | None = None
        self.unbegun_cause = Cause.OTHER
        """Why the night could not even begin, where it could not."""
        self.unwritten: str | None = None
        """Why the night has no receipt and what to do, where it could not be written."""
        self.night: Night | None = None
        self.landed: Landed | None = None
        self.made: Built | None = None
        self.judged: Judged | None = None
        self.receipt: Receipt | None = None
        self.seconds: dict[str, float] = {}
        self._lock: TextIO | None = None
        self._umask = 0o077

    @property
    def entries(self) -> list[LedgerEntry]:
        """What became of each file that is new."""
        return list(self.landed.entries) if self.landed else []

    @property
    def erased(self) -> list[Erasure]:
        """What was erased, as its time was over."""
        return list(self.landed.erased) if self.landed else []

    @property
    def nodes(self) -> list[Node]:
        """The outcome of every node of the candidate."""
        return list(self.made.nodes) if self.made else []

    @property
    def checks(self) -> list[Check] | None:
        """The gate's answers; None where it was not asked."""
        return list(self.judged.checks) if self.judged else None

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.listener.stage(name)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - began, 3)

    def begin_within(self, seconds: float) -> Night:
        """Begin, waiting so long at most for whoever has the home. Raises as `begin` does."""
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
                kept_nights.heal(self.home)
                memory.clear(self.home)
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

    def _take_up(self, night: Night) -> None:
        """Read what the steps of a night handed on before its process ended."""
        self.landed = steps.read(self.home, night.night_id, Landed)
        self.made = steps.read_built(self.home, night.night_id)
        judged = steps.read(self.home, night.night_id, Judged)
        if self.made and judged and not gate.held_by(judged.checks):
            self.judged = judged
        own = (r for r in read_receipts(self.home) if r.night_id == night.night_id)
        self.receipt = next((r for r in own if r.outcome in ("published", "unchanged")), None)
        taken = {"landing": self.landed, "building": self.made, "checking": self.judged}
        self.seconds = {name: step.seconds for name, step in taken.items() if step}

    def _hand_on(self, step: Landed | Built | Judged) -> None:
        steps.keep(self.home, self._begun().night_id, step)

    @property
    def ended(self) -> alerts.NightEnd:
        """What became of the night so far, for alerts."""
        return alerts.NightEnd(self.home, self.night, self.receipt, tuple(self.noted), self.unbegun, self.unbegun_cause)

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
            contracts = load_contracts()
            inbox = self.inbox or self.home.inbox
            if not inbox.is_dir():
                raise InboxMissingError(f"{inbox}: no such folder; `pam nightly --inbox DIR` names the one to read")
            files = find_files(inbox, contracts, force_names())
            if only is not None:
                files = [f for f in recognised_in(self.home, contracts, force_names(), files) if f.extract in only]
            if self.period:
                files = within(with_windows(self.home, contracts, files), self.period)
            release_known(self.home, contracts, night.night_id)
            # Where landing is tried again, what it committed before stands. So does what was landed alone, and told by no
            # receipt yet.
            own = {night.night_id, *steps.unfinished(self.home)} if self.plan.publishes else {night.night_id}
            before = [e for e in read_ledger(self.home) if e.night_id in own]
            done = {e.load_id for e in before if e.night_id == night.night_id}
            landed = land_files(
                self.home, contracts, files, night.night_id, archive=self.inbox is None,
                whole=self.period is None and only is None,
                settled_seconds=0 if self.sample else self.config.night.settled_seconds, progress=self.listener.file,
            )  # fmt: skip
            entries = (*before, *(e for e in landed if e.outcome != "known" or e.load_id not in done))
            made_up.mark(self.home, accepted(read_ledger(self.home)))
            erased = self._erase_over(night) if only is None else ()
        self.landed = Landed(entries, erased, self.seconds["landing"])
        self._hand_on(self.landed)
        return self.entries

    def _erase_over(self, night: Night) -> tuple[Erasure, ...]:
        """Erase originals and rows whose time is over and that no figure rests on."""
        contracts = load_contracts()
        erased = erase_old(self.home, self.config.keep.archive_days, night.today, night.night_id)
        needed = raw_schema.needed(self.home, contracts)
        erased += erase_expired(self.home, contracts, self.config.keep.years, needed, night.today, night.night_id)
        return tuple(erased)

    def leave_early(self) -> bool:
        """End the night at once where every name in the inbox is one of the ledger's and nothing else is new, either: before
        the libraries are loaded that build and judge. Returns whether it is over.
        """
        night = self.begin()
        inbox = self.inbox or self.home.inbox
        # Whether PostgreSQL still has what stands, the job asks.
        if self.rebuild or not inbox.is_dir() or postgres.is_configured():
            return False
        names = {e.source_file for e in read_ledger(self.home)}
        if any(f.path.name not in names for f in find_files(inbox, load_contracts(), force_names())):
            return False
        if candidate.stands(night.home) is None:
            return False
        self.land()
        return self.leave_unchanged()

    def leave_unchanged(self) -> bool:
        """After landing: end the night with nothing built and nothing published, where the ledger has nothing new, no row was
        erased, and nothing has changed of what figures are made of. Returns whether it did.

        What is published then says all that there is to say, but for how late an extract is, which `pam status` and the alerts
        count themselves, and originals whose time in the archive is over: the next publication has their day in `meta.files`.
        """
        night = self._begun()
        if not self.plan.publishes or self.rebuild or self.noted or any(e.outcome != "known" for e in self.entries):
            return False
        if any(e.kind != "archive" for e in self.erased):
            return False
        if keeping.due(self.home, load_contracts(), self.config.keep.years, night.today):
            return False
        nodes = candidate.stands(night.home)
        stands = published_night(self.home)
        last = next((r for r in reversed(read_receipts(self.home)) if r.night_id == stands), None)
        if nodes is None or last is None:
            return False
        self.made = Built(tuple(nodes))
        self.judged = Judged(tuple(Check(**c) for c in last.checks))
        receipt = self._receipt("unchanged", f"no new file: night {stands} stands")
        self._write(replace(receipt, checks=[], stands=str(stands), audit=anchor(self.home)).finished(night))
        return True

    def build(self) -> list[Node]:
        """Build the candidate. Raises NightFailedError for a model, NightHeldError for a test of dbt's that fails."""
        night = self._begun()
        with self._step("building"):
            made, loads = self._build(night)
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
        broken = dbt_runner.broken(self.nodes)
        if not self.nodes or any(n.status == "error" for n in broken):
            raise _not_built(broken)
        # A test that fails has what rests on its model skipped: the night is held for the test.
        tests = dbt_runner.checks(self.nodes)
        if gate.held_by(tests):
            self.judged = Judged(tuple(tests))
            raise self._held()
        if broken:
            raise _not_built(broken)
        self.made = replace(self.made, state=candidate.state_of(self.home))
        self._hand_on(self.made)
        return self.nodes

    def _build(self, night: Night) -> tuple[Built, list[raw_schema.Load]]:
        if self.engine == "spark":
            candidate.begin_empty(self.home)
            loads = raw_schema.prepare_raw(self.home, night.night_id, night.today, self.since)
            nodes = tuple(spark.build(self.home, self.config.spark, loads, self.listener.node))
            return Built(nodes, nodes), loads
        begun = candidate.begin(self.home, self.rebuild)
        loads = raw_schema.prepare_raw(self.home, night.night_id, night.today, self.since, begun.loads)
        built = dbt_runner.build(self.home, begun.select, progress=self.listener.node)
        if begun.loads is not None:
            raw_schema.show_all(self.home, loads)
        return Built(tuple(candidate.merged(begun.standing, built)), tuple(built)), loads

    def catch_up(self, judged: bool = False) -> None:
        """Build the candidate where no step has, and with `judged` ask the gate, too: for a run that begins in the middle.

        What another process built stands, unless something of it has changed since. Raises as `build` and `judge`.
        """
        self.begin()
        if self.receipt is None and (self.made is None or self.made.left) and not self.leave_unchanged():
            self.build()
        if judged and self.judged is None and self.judge() and gate.held_by(self.checks or []):
            raise NightHeldError(self._reason())

    def judge(self) -> list[Check]:
        """Ask the gate. Returns every check, passed or not; `publish` refuses where one holds the night."""
        night = self._begun()
        if self._is_left():
            return self.checks or []
        if not self.made or self.made.left:
            raise NightFailedError("nothing was checked: build the candidate first")
        with self._step("checking"):
            public_form.publish_public(self.home, self.config.public, self.key_of)
            if self.made.state:
                # The public form is part of the candidate: this is how its files are left now.
                self.made = replace(self.made, state=candidate.state_of(self.home))
                self._hand_on(self.made)
            kept = results.path_of(self.home, night.night_id)
            checks = (*dbt_runner.checks(self.nodes), *gate.judge(self.home, kept, self.config.public))
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
            raise NightHeldError(self._reason())
        with self._step("publishing"):
            receipt = self._receipt("published", "")
            with self._candidate_stands():
                # Of a night that failed and is gone on with there is a receipt already.
                earlier = [r for r in read_receipts(self.home) if r.night_id != night.night_id]
                dictionary.write_meta(night, read_ledger(self.home), self.checks, earlier, receipt)
                digest = publish.seal(self.home)
                group = self.config.publish.group
                with self._on_record(night, receipt, digest):
                    written = publish.publish(self.home, outputs.wanted(self.config))
            unsettled = kept_nights.settle(self.home, group)
            # What the figures rest on, before rows are erased.
            loads = loads_of(self.home)
            # What went out as an edition can be shown again, however long ago.
            went_out = [f.night_id for f in frozen_editions(self.home)]
            unkept = kept_nights.keep_tonight(self.home, self.config.keep.publications, went_out)
            unerased = self._erase_kept(night)
        told = outputs.as_dicts(written)
        receipt = replace(
            receipt,
            reason="; ".join(filter(None, (*(w for _, w, _ in outputs.said_of(told)), unsettled, unkept, unerased)))
            or receipt.reason,
            sha256=digest,
            erased=len(self.erased),
            outputs=told,
            audit=anchor(self.home),
            seconds=self.seconds,
        ).finished(night)
        self._write(receipt)
        candidate.keep(self.home, self.nodes, digest, loads)
        return receipt

    @contextmanager
    def _candidate_stands(self) -> Iterator[None]:
        """Where the night can't be published, have the candidate as it is left go for the one that was built."""
        try:
            yield
        except Exception:
            if self.made and self.made.state:
                with suppress(OSError):
                    self.made = replace(self.made, state=candidate.state_of(self.home))
                    self._hand_on(self.made)
            raise

    def _erase_kept(self, night: Night) -> str:
        """Erase the rows whose time is over, keeping their months' measures. Why they could not be, where they could not: the
        night is published all the same, and the next one tries again.
        """
        try:
            erased = keeping.keep_and_erase(
                self.home, load_contracts(), self.config.keep.years, night.today, night.night_id
            )
            landed = self.landed or Landed()
            self.landed = replace(landed, erased=(*landed.erased, *erased))
        except (OSError, duckdb.Error) as error:
            return f"rows whose time is over were not all erased: {with_advice(error).splitlines()[0]}"
        return ""

    def serve(self) -> Brought:
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
            brought = postgres.bring_tonight(self.home)
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
                    receipt = lifecycle.with_what_stands(self.home, receipt)
                receipt = replace(receipt, outcome="published", reason=f"stopped after publishing: {reason}")
            self._write(receipt.finished(night))
        return self.receipt

    def _write(self, receipt: Receipt) -> None:
        """Write the night's receipt, which tells of all that landed by then. What does not publish has none."""
        self.receipt = receipt
        if self.plan.publishes or receipt.outcome in ("published", "unchanged"):
            write_receipt(self.home, receipt)
            steps.forget(self.home, receipt.night_id)

    def is_over(self) -> bool:
        """Whether the night has its receipt, or its publication: nothing of it is to be tried again."""
        return self.receipt is not None or bool(self.night and published_night(self.home) == self.night.night_id)

    def end(self, keep_mark: bool = False) -> None:
        """Give the lock back. `keep_mark`: leave the next night to write down what became of this one."""
        if self._lock:
            # What can't be removed now is removed by the next night.
            with suppress(OSError):
                memory.clear(self.home)
            if self.night and not keep_mark:
                lifecycle.unmark(self.home)
            os.umask(self._umask)
            self._lock.close()
            self._lock = None

    def _is_left(self) -> bool:
        return self.receipt is not None and self.receipt.outcome == "unchanged"

    def _on_record(self, night: Night, receipt: Receipt, digest: str) -> AbstractContextManager[None]:
        """Put on record what is published within, and which earlier rows no longer count; and where it is not, that too."""
        said: list[tuple[str, dict[str, Any]]] = []
        if changed := count_superseded(night):
            said.append(("alteration", {"what": "rows of earlier files", "night_id": night.night_id, "rows": changed}))
        figures = sum(receipt.figures.values())
        told: dict[str, Any] = {"night_id": night.night_id, "to": "published/", "figures": figures, "sha256": digest}
        if beside := [o.name for o in outputs.wanted(self.config)]:
            told["outputs"] = beside
        return told_before(
            self.home, [*said, ("disclosure", {"what": "published", **told})],
            is_done=lambda: published_night(self.home) == night.night_id,
            what="not published", night_id=night.night_id,
        )  # fmt: skip

    def _begun(self) -> Night:
        if self.night is None:
            raise NightFailedError("a night begins with landing: run the whole job `nightly`")
        return self.night

    def _held(self) -> NightHeldError:
        night = self._begun()
        self._write(self._receipt("held", self._reason()).finished(night))
        return NightHeldError(self._reason())

    def _reason(self) -> str:
        held = gate.held_by(self.checks or [])
        return "; ".join(f"{c.subject}: {c.rule}: {c.found}" for c in held[:5]) + (
            f"; and {len(held) - 5} more" if len(held) > 5 else ""
        )

    def _receipt(self, outcome: Any, reason: str) -> Receipt:
        night = self._begun()
        published = outcome == "published"
        return Receipt(
            night_id=night.night_id,
            outcome=outcome,
            started_at=stamp(night.started_at),
            finished_at="",
            reason=reason,
            files=[e.model_dump(mode="json", exclude_none=True) for e in self.entries],
            checks=[c.as_dict() for c in self.checks or []],
            figures=publish.count_figures(self.home.candidate / raw_schema.WAREHOUSE) if published else {},
            withdrawn=list_withdrawn(night) if published else {},
            erased=len(self.erased),
            seconds=dict(self.seconds),
        )


def within(files: Iterable[InboxFile], period: tuple[date, date]) -> list[InboxFile]:
    """The files whose covered window touches a period, given by its first and last day. Names that say none are left out."""
    first, last = period
    return [f for f in files if f.covered_from and f.covered_to and f.covered_from <= last and f.covered_to >= first]


def _not_built(broken: list[Node]) -> NightFailedError:
    first = sorted(broken, key=lambda n: n.status != "error")[:3]
    said = "; ".join(f"{n.name}: {n.message or n.status}" for n in first)
    message = f"dbt could not build {len(broken)} of the models: {said or 'it built none'}"
    return BuildFailedError.quoting(message)
