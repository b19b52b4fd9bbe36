"""Marks a night that has begun, and makes sure that it gets a receipt however it ends.

A night that is killed leaves its mark. Whoever next has the home's lock finds it and writes down what became of that night.
"""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.audit import withdraw_undone
from dagster_project.core.errors import Cause, cause_of, interrupt_in, with_advice
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, published_folder, published_night, sha256_of
from dagster_project.core.receipts import Night, Receipt, read_receipts, stamp, write_receipt
from dagster_project.landing import read_ledger
from dagster_project.landing.land_file import QUERY_INTERRUPTED
from dagster_project.publishing import outputs, publish

MARK = "under_way"
INTERRUPTED = "interrupted: its process was ended before it could finish"
EARLY = "interrupted: ended before it was published"


def mark_path(home: Home) -> Path:
    """Where a night that is under way says so."""
    return home.nights / MARK


def mark(night: Night) -> None:
    """Say that a night has begun."""
    body = {"night_id": night.night_id, "started_at": stamp(night.started_at)}
    write_whole(mark_path(night.home), json.dumps(body).encode("utf-8"))


def unmark(home: Home) -> None:
    """Say that no night is under way."""
    mark_path(home).unlink(missing_ok=True)


def under_way_since(home: Home) -> str | None:
    """When the night that left its mark began (UTC, ISO 8601); None where there is no mark."""
    found = _read_mark(home)
    return found[1] if found else None


def _read_mark(home: Home) -> tuple[str, str] | None:
    try:
        body = json.loads(mark_path(home).read_text(encoding="utf-8"))
        return str(body["night_id"]), str(body["started_at"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # Cut short: its own time is as near as can be said.
        at = datetime.fromtimestamp(mark_path(home).stat().st_mtime, UTC)
        return at.strftime("%Y%m%dT%H%M%SZ"), stamp(at)


def note_interrupted(home: Home) -> list[Receipt]:
    """Write the receipts that nights did not live to write; the caller has the home's lock. Returns them.

    A night that was published, or published again, and stopped before its receipt gets one that says so; any other that left
    its mark has failed.
    """
    with contextlib.suppress(OSError, PublishError):
        # What a night left undone of the layout: what is published is looked for under its name.
        publish.repair_layout(home)
    receipts = read_receipts(home)
    known = {r.night_id for r in receipts}
    last = receipts[-1] if receipts else None
    written = []
    night_id = published_night(home)
    if night_id and last and last.outcome == "failed" and last.republished == night_id:
        written.append(replace(last, outcome="rolled back"))
    elif night_id and night_id not in known:
        at = stamp(datetime.fromtimestamp(home.warehouse.stat().st_mtime, UTC))
        stopped = Receipt(night_id, "published", at, at, "stopped after publishing, before its receipt")
        written.append(with_published_facts(home, stopped))
    left = _read_mark(home)
    if left and left[0] not in known and left[0] != night_id:
        files = [e.model_dump(mode="json", exclude_none=True) for e in read_ledger(home) if e.night_id == left[0]]
        now = stamp(datetime.now(UTC))
        written.append(Receipt(left[0], "failed", left[1], now, INTERRUPTED, files, cause=Cause.INTERRUPTED))
        withdraw_undone(home, "published", left[0], left[1], "the next night")
    if last and last.outcome == "failed" and last.republished and last.republished != night_id:
        withdraw_undone(home, "published again", last.republished, last.started_at, "the next night")
    for receipt in written:
        write_receipt(home, receipt)
    unmark(home)
    return written


def with_published_facts(home: Home, receipt: Receipt) -> Receipt:
    """The published night's receipt, with the figures, hash and outputs that are found in the published folder.
    Raises OSError and duckdb.Error.
    """
    found = outputs.as_dicts(outputs.outputs_in(published_folder(home)))
    figures, digest = publish.count_figures(home.warehouse), sha256_of(home.warehouse)
    return replace(receipt, figures=figures, sha256=digest, outputs=found)


def explain(error: BaseException | str) -> tuple[str, Cause]:
    """Why a night ended: in words, with what to do where a library does not say it, and the cause. Whoever interrupts a night
    does not say why."""
    if str(error) == QUERY_INTERRUPTED or (isinstance(error, BaseException) and interrupt_in(error)):
        return INTERRUPTED, Cause.INTERRUPTED
    if error in (INTERRUPTED, EARLY):
        return str(error), Cause.INTERRUPTED
    return with_advice(error), cause_of(error)
