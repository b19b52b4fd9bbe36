"""The steps of a night, in order, and what they pass on: land, build, judge, publish.

Dagster calls them as assets and checks; nothing here knows of Dagster. Each step leaves the home such that the next
night succeeds by itself, wherever this one stops.
"""

import csv
import io
import os
import time
from collections.abc import Iterable, Iterator
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
from dagster_project.core.cell_text import neutral
from dagster_project.core.checks import Check
from dagster_project.core.config import Config, read_config
from dagster_project.core.errors import InboxMissingError
from dagster_project.core.files import with_advice, write_whole
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
from dagster_project.publishing import dictionary, kept_nights, outputs, postgres, publish
from dagster_project.publishing.postgres import Brought
from dagster_project.quality import gate, results
from dagster_project.transform import candidate, dbt_runner, raw_schema, spark
from dagster_project.transform.changed_months import loads_of
from dagster_project.transform.dbt_runner import Node

from . import alerts, lifecycle
from . import erase_expired as keeping
from .accept_vocabulary import release_known


class NightHeldError(RuntimeError):
    """The gate holds the night back. The last publication stands; the receipt has the rules."""


class NightFailedError(RuntimeError):
    """The night could not be finished. The last publication stands."""


class NotServedError(RuntimeError):
    """The night is published, and PostgreSQL could not be given it: it serves what it served before."""

    def __init__(self, message: str, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


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
    made-up data. `patience`: for how many seconds in all a step of Dagster's tries again what can pass by itself.
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
    ) -> None:
        self.home = home
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
        """Why the night could not even begin, where it could not."""
        self.unwritten: str | None = None
        """Why the night has no receipt and what to do, where it could not be written."""
        self.night: Night | None = None
        self.entries: list[LedgerEntry] = []
        self.erased: list[Erasure] = []
        self.nodes: list[Node] = []
        self.built: list[Node] = []
        """Those of the nodes that were built tonight; the others stand as they were."""
        self.checks: list[Check] | None = None
        self.receipt: Receipt | None = None
        self.seconds: dict[str, float] = {}
        self._landed = False
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
                self.noted += lifecycle.note_interrupted(self.home)
                if any(receipt.outcome == "failed" for receipt in self.noted):
                    # Told now, as this night may end in the same way. Alerts never keep a night from beginning.
                    with suppress(Exception):
                        alerts.tell(self.ended)
                kept_nights.heal(self.home)
                memory.clear(self.home)
                night = Night.begin(self.home)
                lifecycle.mark(night)
            except BaseException:
                self.end()
                raise
            self.night = night
        return self.night

    @property
    def ended(self) -> alerts.NightEnd:
        """What became of the night so far, for alerts."""
        return alerts.NightEnd(self.home, self.night, self.receipt, tuple(self.noted), self.unbegun)

    def take(self) -> None:
        """Take the home's lock, until `end`. Raises NightUnderWayError."""
        self._lock = take_lock(self.home)
        # What the libraries write in the home is the owner's alone, too.
        self._umask = os.umask(0o077)

    def land(self) -> list[LedgerEntry]:
        """Land the inbox, once. Returns what became of each file that is new."""
        night = self.begin()
        if self._landed:
            return self.entries
        with self._step("landing"):
            contracts = load_contracts()
            inbox = self.inbox or self.home.inbox
            if not inbox.is_dir():
                raise InboxMissingError(f"{inbox}: no such folder; `pam nightly --inbox DIR` names the one to read")
            files = find_files(inbox, contracts, force_names())
            if self.period:
                files = within(with_windows(self.home, contracts, files), self.period)
            release_known(self.home, contracts, night.night_id)
            # Where landing is tried again, what it committed before stands.
            before = [e for e in read_ledger(self.home) if e.night_id == night.night_id]
            done = {e.load_id for e in before}
            landed = land_files(
                self.home, contracts, files, night.night_id, archive=self.inbox is None, whole=self.period is None,
                settled_seconds=0 if self.sample else self.config.night.settled_seconds, progress=self.listener.file,
            )  # fmt: skip
            self.entries = [*before, *(e for e in landed if e.outcome != "known" or e.load_id not in done)]
            made_up.mark(self.home, accepted(read_ledger(self.home)))
            self.erased = erase_old(self.home, self.config.keep.archive_days, night.today, night.night_id)
            needed = raw_schema.needed(self.home, contracts)
            self.erased += erase_expired(
                self.home, contracts, self.config.keep.years, needed, night.today, night.night_id
            )
        self._landed = True
        return self.entries

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
        if self.rebuild or self.noted or any(e.outcome != "known" for e in self.entries):
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
        self.nodes = nodes
        self.checks = [Check(**c) for c in last.checks]
        receipt = self._receipt("unchanged", f"no new file: night {stands} stands")
        self.receipt = replace(receipt, checks=[], stands=str(stands), audit=anchor(self.home)).finished(night)
        write_receipt(self.home, self.receipt)
        return True

    def build(self) -> list[Node]:
        """Build the candidate. Raises NightFailedError for a model, NightHeldError for a test of dbt's that fails."""
        night = self._begun()
        with self._step("building"):
            loads = self._build(night)
            extracts = sorted({str(load.entry.extract) for load in loads})
            record(self.home, "combination", night_id=night.night_id, extracts=extracts, loads=len(loads))
        broken = dbt_runner.broken(self.nodes)
        if not self.nodes or any(n.status == "error" for n in broken):
            raise NightFailedError(_not_built(broken))
        # A test that fails has what rests on its model skipped: the night is held for the test.
        tests = dbt_runner.checks(self.nodes)
        if gate.held_by(tests):
            self.checks = tests
            raise self._held()
        if broken:
            raise NightFailedError(_not_built(broken))
        return self.nodes

    def _build(self, night: Night) -> list[raw_schema.Load]:
        if self.engine == "spark":
            candidate.begin_empty(self.home)
            loads = raw_schema.prepare_raw(self.home, night.night_id, night.today, self.since)
            self.built = self.nodes = spark.build(self.home, self.config.spark, loads, self.listener.node)
            return loads
        begun = candidate.begin(self.home, self.rebuild)
        loads = raw_schema.prepare_raw(self.home, night.night_id, night.today, self.since, begun.loads)
        self.built = dbt_runner.build(self.home, begun.select, progress=self.listener.node)
        if begun.loads is not None:
            raw_schema.show_all(self.home, loads)
        self.nodes = candidate.merged(begun.standing, self.built)
        return loads

    def judge(self) -> list[Check]:
        """Ask the gate. Returns every check, passed or not; `publish` refuses where one holds the night."""
        night = self._begun()
        if self._is_left():
            return self.checks or []
        with self._step("checking"):
            public_form.publish_public(self.home, self.config.public, self.key_of)
            kept = results.path_of(self.home, night.night_id)
            self.checks = [*dbt_runner.checks(self.nodes), *gate.judge(self.home, kept, self.config.public)]
            if not self.nodes or not self.checks:
                raise NightFailedError("nothing was checked: build the candidate first")
        if gate.held_by(self.checks):
            self._held()
        return self.checks

    def publish(self) -> Receipt:
        """Publish the candidate and its outputs. Raises NightHeldError, NightFailedError where the gate was not asked, and
        OutputError where an output could not be written."""
        night = self._begun()
        if self.receipt and self._is_left():
            return self.receipt
        if self.checks is None:
            raise NightFailedError("nothing was checked: a night is published only after its gate")
        if gate.held_by(self.checks):
            raise NightHeldError(self._reason())
        with self._step("publishing"):
            receipt = self._receipt("published", "")
            dictionary.write_meta(night, read_ledger(self.home), self.checks, read_receipts(self.home), receipt)
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
        self.receipt = replace(
            receipt,
            reason="; ".join(filter(None, (*(w for _, w, _ in outputs.said_of(told)), unsettled, unkept, unerased)))
            or receipt.reason,
            sha256=digest,
            erased=len(self.erased),
            outputs=told,
            audit=anchor(self.home),
            seconds=self.seconds,
        ).finished(night)
        write_receipt(self.home, self.receipt)
        candidate.keep(self.home, self.nodes, digest, loads)
        return self.receipt

    def _erase_kept(self, night: Night) -> str:
        """Erase the rows whose time is over, keeping their months' measures. Why they could not be, where they could not: the
        night is published all the same, and the next one tries again.
        """
        try:
            self.erased += keeping.keep_and_erase(
                self.home, load_contracts(), self.config.keep.years, night.today, night.night_id
            )
        except (OSError, duckdb.Error) as error:
            return with_advice(f"rows whose time is over were not all erased: {str(error).splitlines()[0]}")
        return ""

    def serve(self) -> Brought:
        """Take the published night to the PostgreSQL that the environment names. Its receipt says what became of that.

        Raises NotServedError where it is not there; the night is published all the same.
        """
        night = self._begun()
        if self.receipt is None or self.receipt.outcome not in ("published", "unchanged"):
            raise NightFailedError("nothing was published: a night goes to PostgreSQL only after that")
        with self._step("serving"):
            brought = postgres.bring_tonight(self.home)
        self.receipt = replace(self.receipt, postgres=brought.as_dict(), seconds=self.seconds).finished(night)
        write_receipt(self.home, self.receipt)
        if brought.outcome == "failed":
            raise NotServedError(brought.reason, brought.passing)
        return brought

    def fail(self, error: BaseException | str) -> Receipt | None:
        """Write down that the night failed, unless it is down already that it was held or published.

        None where it can't even begin: then no receipt is written, and `unbegun` says why.
        """
        if self.receipt is None:
            reason = with_advice(lifecycle.reason_of(error))
            if self.night is None:
                try:
                    self.begin()
                except Exception:
                    self.unbegun = reason
                    return None
            night = self._begun()
            receipt = self._receipt("failed", reason)
            if published_night(self.home) == night.night_id:
                receipt = replace(receipt, outcome="published", reason=f"stopped after publishing: {reason}")
            self.receipt = receipt.finished(night)
            write_receipt(self.home, self.receipt)
        return self.receipt

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
        self.receipt = self._receipt("held", self._reason()).finished(night)
        write_receipt(self.home, self.receipt)
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


def _not_built(broken: list[Node]) -> str:
    first = sorted(broken, key=lambda n: n.status != "error")[:3]
    said = "; ".join(f"{n.name}: {n.message or n.status}" for n in first)
    return f"dbt could not build {len(broken)} of the models: {said or 'it built none'}"


def count_superseded(night: Night) -> dict[str, dict[str, int]]:
    """Rows of earlier files that the night's files supersede: extract -> reason -> rows."""
    con = duckdb.connect(str(night.home.candidate / raw_schema.WORK), read_only=True)
    try:
        rows = con.execute(
            "select newer.extract, gone.reason, count(*) from staging.superseded_rows as gone"
            " join raw.loads as newer on gone.by_load_id = newer.load_id and newer.is_tonight"
            " group by all order by all"
        ).fetchall()
    finally:
        con.close()
    found: dict[str, dict[str, int]] = {}
    for extract, reason, n in rows:
        found.setdefault(extract, {})[reason] = n
    return found


def list_withdrawn(night: Night) -> dict[str, int]:
    """Rows that the night's files take back, by extract; each is in `nights/<night id>__withdrawn.csv`."""
    con = duckdb.connect(str(night.home.candidate / raw_schema.WORK), read_only=True)
    try:
        rows = con.execute(
            "select landed.extract, landed.force_code, landed.row_key, landed.row_date, own.source_file, landed.line,"
            " newer.source_file from staging.superseded_rows as gone"
            " join raw.loads as newer on gone.by_load_id = newer.load_id and newer.is_tonight"
            " join raw.landed_rows as landed on gone.load_id = landed.load_id and gone.line = landed.line"
            " join raw.loads as own on landed.load_id = own.load_id"
            " where gone.reason = 'withdrawn' order by all"
        ).fetchall()
    finally:
        con.close()
    if not rows:
        return {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["extract", "force_code", "key", "date", "file", "line", "withdrawn_by"])
    writer.writerows([neutral(value) for value in row] for row in rows)
    write_whole(night.home.nights / f"{night.night_id}__withdrawn.csv", text.getvalue().encode("utf-8"))
    extracts = [row[0] for row in rows]
    return {extract: extracts.count(extract) for extract in sorted(set(extracts))}
