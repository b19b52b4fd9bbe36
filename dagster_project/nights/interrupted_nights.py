"""Clears up after a night that was killed. A night that starts leaves a mark, and removes it when it ends. The next process
that takes the home's lock finds the mark of one that was killed, puts the published folder right and writes that night's
receipt.
"""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster_project.audit import withdraw_undone
from dagster_project.core.errors import Cause, cause_of, interrupt_in, with_advice
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, published_folder, published_night, sha256_of
from dagster_project.core.receipts import ID_FORMAT, Night, Receipt, read_receipts, utc_seconds, write_receipt
from dagster_project.landing import read_ledger
from dagster_project.landing.land_file import QUERY_INTERRUPTED
from dagster_project.publishing import outputs, publish

MARK = "under_way"
INTERRUPTED = "interrupted: its process was ended before it could finish"
ENDED_EARLY = "interrupted: ended before it was published"


def mark_path(home: Home) -> Path:
    """The file that exists while a night is under way."""
    return home.nights / MARK


def mark(night: Night, inbox: str = "", period: str = "") -> None:
    """Mark that a night has started. `inbox`, `period`: as its receipt will have them."""
    body = {"night_id": night.night_id, "started_at": utc_seconds(night.started_at), "inbox": inbox, "period": period}
    write_whole(mark_path(night.home), json.dumps(body).encode("utf-8"))


def under_way_since(home: Home) -> str | None:
    """When the night that left its mark started (UTC, ISO 8601); None if there is no mark."""
    marked = read_mark(home)
    return marked.started_at if marked else None


def read_mark(home: Home) -> Receipt | None:
    """What the mark says of its night, as the receipt of a night that was interrupted; None if there is no mark."""
    try:
        body = json.loads(mark_path(home).read_text(encoding="utf-8"))
        night_id, started_at = str(body["night_id"]), str(body["started_at"])
        # Earlier versions did not mark which folder was read.
        inbox, period = str(body.get("inbox", "")), str(body.get("period", ""))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # The mark was only half written: the time of its file is the nearest there is.
        marked_at = datetime.fromtimestamp(mark_path(home).stat().st_mtime, UTC)
        night_id, started_at, inbox, period = marked_at.strftime(ID_FORMAT), utc_seconds(marked_at), "", ""
    return Receipt(night_id, "failed", started_at, "", INTERRUPTED, cause=Cause.INTERRUPTED, inbox=inbox, period=period)


def recover_interrupted_nights(home: Home) -> list[Receipt]:
    """Clear up after a night that was killed: put the published folder right, and write the receipt that it could not, which is
    returned. The caller has the home's lock.

    A night that was published, or published again, and stopped before its receipt gets one that says so; any other that left
    its mark has failed.
    """
    with contextlib.suppress(OSError, PublishError):
        # A killed night may have left the folders of the published night half renamed.
        publish.repair_layout(home)
    receipts = read_receipts(home)
    known = {r.night_id for r in receipts}
    last = receipts[-1] if receipts else None
    written = []
    night_id, marked = published_night(home), read_mark(home)
    if night_id and last and last.outcome == "failed" and last.republished == night_id:
        written.append(replace(last, outcome="rolled back"))
    elif night_id and night_id not in known:
        published_at = utc_seconds(datetime.fromtimestamp(home.warehouse.stat().st_mtime, UTC))
        reason, files = "stopped after publishing, before its receipt", _files_of(home, night_id)
        stopped = Receipt(night_id, "published", published_at, published_at, reason, files)
        if marked and marked.night_id == night_id:
            stopped = replace(stopped, inbox=marked.inbox, period=marked.period)
        written.append(with_published_facts(home, stopped))
    if marked and marked.night_id not in known and marked.night_id != night_id:
        now = utc_seconds(datetime.now(UTC))
        written.append(replace(marked, finished_at=now, files=_files_of(home, marked.night_id)))
        withdraw_undone(home, "published", marked.night_id, marked.started_at)
    if last and last.outcome == "failed" and last.republished and last.republished != night_id:
        withdraw_undone(home, "published again", last.republished, last.started_at)
    for receipt in written:
        write_receipt(home, receipt)
    mark_path(home).unlink(missing_ok=True)
    return written


def _files_of(home: Home, night_id: str) -> list[dict[str, Any]]:
    """What became of a night's files, as its receipt has it."""
    return [e.plain_values() for e in read_ledger(home) if e.night_id == night_id]


def with_published_facts(home: Home, receipt: Receipt) -> Receipt:
    """The published night's receipt, with the figures, hash and outputs that are in the published folder.
    Raises OSError and duckdb.Error.
    """
    written = outputs.as_dicts(outputs.outputs_in(published_folder(home)))
    figures, digest = publish.count_figures(home.warehouse), sha256_of(home.warehouse)
    return replace(receipt, figures=figures, sha256=digest, outputs=written)


def explain(error: BaseException | str) -> tuple[str, Cause]:
    """Why a night ended, as a text with what to do and as a cause. For an interrupted night the text says only that."""
    if str(error) == QUERY_INTERRUPTED or (isinstance(error, BaseException) and interrupt_in(error)):
        return INTERRUPTED, Cause.INTERRUPTED
    if error in (INTERRUPTED, ENDED_EARLY):
        return str(error), Cause.INTERRUPTED
    return with_advice(error), cause_of(error)
