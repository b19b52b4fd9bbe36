"""What each step of a night has made so far, and its receipt; and whether there is anything new to make."""

from dataclasses import replace
from typing import Any

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.check_results import Check
from dagster_project.core.config import Config
from dagster_project.core.errors import Cause
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, Receipt, read_receipt, utc_seconds, write_receipt
from dagster_project.landing import Erasure, LedgerEntry, counts, read_ledger
from dagster_project.publishing import publish
from dagster_project.quality import gate
from dagster_project.transform import candidate
from dagster_project.transform.dbt_runner import Node

from . import alerts, saved_steps
from .erase_expired_rows import expired_loads
from .errors import NightFailedError, NightHeldError, held_reason
from .publish_step import list_withdrawn
from .saved_steps import Built, Judged, Landed, Plan


class NightState:
    """What each step of a night has made, in this process and on disk, and its receipt once it has one."""

    def __init__(self, home: Home, plan: Plan) -> None:
        self.home = home
        self.plan = plan
        self.night: Night | None = None
        self.receipt: Receipt | None = None
        self.interrupted: list[Receipt] = []
        """Receipts written for earlier nights that ended before they could write them."""
        self.not_started: str | None = None
        """Why the night could not start; None if it could."""
        self.not_started_cause = Cause.OTHER
        self.told_inbox = ""
        self.told_period = ""
        """The folder and the past period that this night was told to read, as its receipt has them."""
        self.receipt_problem: str | None = None
        """Why the receipt could not be written and what to do; None if it was."""
        self.landed: Landed | None = None
        self.built: Built | None = None
        self.judged: Judged | None = None
        self.inputs: dict[str, str] = {}
        """Of `candidate.inputs_of`, when the night began; empty if they could not be read: no night builds on this one then."""
        self.seconds: dict[str, float] = {}

    @property
    def entries(self) -> list[LedgerEntry]:
        """What became of each new file."""
        return list(self.landed.entries) if self.landed else []

    @property
    def erased(self) -> list[Erasure]:
        """What was erased at its retention limit."""
        return list(self.landed.erased) if self.landed else []

    @property
    def nodes(self) -> list[Node]:
        """The outcome of every node of the candidate."""
        return list(self.built.nodes) if self.built else []

    @property
    def checks(self) -> list[Check] | None:
        """The gate's answers; None if the gate has not run."""
        return list(self.judged.checks) if self.judged else None

    @property
    def ended(self) -> alerts.NightEnd:
        """What became of the night so far, for alerts."""
        return alerts.NightEnd(
            self.home, self.night, self.receipt, tuple(self.interrupted), self.not_started, self.not_started_cause,
            self.told_inbox, self.told_period,
        )  # fmt: skip

    def is_finished(self) -> bool:
        """Whether the night has its receipt or is published: then no step may be tried again."""
        return self.receipt is not None or bool(self.night and published_night(self.home) == self.night.night_id)

    def _started_night(self) -> Night:
        if self.night is None:
            raise NightFailedError("a night begins with landing: run the whole job `nightly`")
        return self.night

    def _resume(self, night: Night) -> None:
        """Read the steps that a night saved before its process ended."""
        self.landed = saved_steps.read_step(self.home, night.night_id, Landed)
        self.built = saved_steps.read_current_build(self.home, night.night_id, self.inputs)
        judged = saved_steps.read_step(self.home, night.night_id, Judged)
        if self.built and judged and not gate.held_by(judged.checks):
            self.judged = judged
        receipt = read_receipt(self.home, night.night_id)
        self.receipt = receipt if receipt and receipt.outcome in ("published", "unchanged") else None
        done = {"landing": self.landed, "building": self.built, "checking": self.judged}
        self.seconds = {name: step.seconds for name, step in done.items() if step}

    def _add_unreported(self, night: Night) -> None:
        """Add what earlier runs landed and no receipt has reported: this run publishes it and lands nothing itself."""
        landed = self.landed or Landed()
        nights = saved_steps.nights_without_receipt(self.home) - {e.night_id for e in landed.entries}
        before = [e for e in read_ledger(self.home) if e.night_id in nights]
        if before:
            self.landed = replace(landed, entries=(*before, *landed.entries))
            saved_steps.save_step(self.home, night.night_id, self.landed)

    def _save_step(self, step: Landed | Built | Judged) -> None:
        saved_steps.save_step(self.home, self._started_night().night_id, step)

    def _save_candidate_state(self) -> None:
        """Record the candidate's files as they are now, so that a continued night accepts them as built."""
        if self.built and self.built.state:
            self.built = replace(self.built, state=candidate.state_of(self.home, self.inputs))
            self._save_step(self.built)

    def _hold(self) -> NightHeldError:
        """Write the receipt of a held night. Returns the error to raise."""
        reason = held_reason(self.checks or [])
        self._write(self._receipt("held", reason).finished(self._started_night()))
        return NightHeldError(reason)

    def _receipt(self, outcome: Any, reason: str) -> Receipt:
        night = self._started_night()
        is_published = outcome == "published"
        return Receipt(
            night_id=night.night_id,
            outcome=outcome,
            started_at=utc_seconds(night.started_at),
            finished_at="",
            reason=reason,
            files=[e.plain_values() for e in _as_they_ended(self.home, self.entries)],
            checks=[c.for_receipt() for c in self.checks or []],
            figures=publish.count_figures(self.home.candidate / WAREHOUSE) if is_published else {},
            withdrawn=list_withdrawn(night) if is_published else {},
            erased=len(self.erased),
            seconds=dict(self.seconds),
            inbox=self.told_inbox,
            period=self.told_period,
        )

    def _write(self, receipt: Receipt) -> None:
        """Write the night's receipt. A run that does not publish has none."""
        self.receipt = receipt
        if self.plan.publishes or receipt.outcome in ("published", "unchanged"):
            write_receipt(self.home, receipt)
            saved_steps.delete_other_steps(self.home, receipt.night_id)


def _as_they_ended(home: Home, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """A night's entries, of each load the last, with its counts after all files of the night: a later file of the same time may
    have taken rows from it, or have had it held."""
    totals = counts(read_ledger(home))
    last = {e.load_id: e for e in entries if e.outcome in ("accepted", "held")}
    return [
        e.model_copy(update=totals[str(e.load_id)]._asdict()) if e.load_id in last and e.outcome != "known" else e
        for e in entries
        if e.outcome not in ("accepted", "held") or last[e.load_id] is e
    ]


def find_unchanged(night: Night, config: Config) -> tuple[str, Built, Judged] | None:
    """The published night's id, what was built for it and the gate's answers. None if a new night would differ, or would erase
    rows.
    """
    if expired_loads(night.home, load_contracts(), config.keep.years, night.today):
        return None
    nodes, published = candidate.published_nodes_if_unchanged(night.home), published_night(night.home)
    last = read_receipt(night.home, published)
    if nodes is None or last is None:
        return None
    return last.night_id, Built(tuple(nodes)), Judged(tuple(Check(**c) for c in last.checks))
