"""The state of a home: what is published, missing, late, held, retracted, refused, quarantined or withdrawn."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dagster_project.contracts import load_contracts
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.home_lists import UNIT
from dagster_project.core.night_lock import is_under_way
from dagster_project.core.project_lists import force_names
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Receipt, read_receipts, today_of
from dagster_project.editions import read_editions
from dagster_project.landing import LedgerEntry, accepted, archive_size, read_erasures, read_ledger
from dagster_project.landing.mappings.mappings import read_mappings
from dagster_project.landing.release_held import held_files
from dagster_project.landing.storage.earlier_decisions import utc_microseconds
from dagster_project.landing.storage.ledger import current_files
from dagster_project.landing.storage.quarantine_export import quarantined_files
from dagster_project.landing.storage.vocabulary import known_values, lines_to_paste, unknown_values

from .alerts.event_sentences import waiting_files
from .interrupted_nights import read_mark
from .late_extracts import late_extracts
from .period_coverage import coverage_gaps

FILE_FIELDS = ("source_file", "extract", "force_code", "reason", "night_id")
DRIFT_DAYS = 14
"""For how many days changed columns are shown: a nightly extract has them on one night only, when people may be away."""


def status(home: Home) -> dict[str, Any]:
    """The state of a home, read from its ledger and receipts; it need not have published anything.

    Keys: `home`, `published`, `rolled_back`, `last_night`, `unfinished` (the night without a receipt: under way, or killed),
    `late`, `gaps` (days between files that none covers), `missing`, `not_expected`, `held`, `retracted`, `refused`, `waiting`
    (files in the inbox that wait for a person), `quarantined`, `withdrawn`, `drift` (files of the last days with other columns,
    sheets not read, or rows hidden or struck out), `unknown_values` (of each column, how to make them known), `without_areas`
    (forces with units in their files and no list of areas), `editions` and `mappings` (those that can't be used), `warnings`,
    `archive`, `holding`.

    `rolled_back`: since when, by whom and why an earlier night is published; None if the newest one is. `withdrawn`, `warnings`
    and `holding` are those of the earlier night while it is published, else those of the last one; if that was not checked,
    `warnings` are those of the published one.
    """
    receipts = read_receipts(home)
    entries = read_ledger(home)
    nights = [r for r in receipts if not r.republished]
    night_id = published_night(home)
    published = next((r for r in receipts if r.night_id == night_id), None)
    rollback = _rolled_back(receipts, night_id)
    last = nights[-1] if nights else None
    last_changed = next((r for r in reversed(nights) if r.outcome != "unchanged"), None)
    shown_night = published if rollback and receipts[-1] is rollback else last_changed
    # A night that failed before its checks says nothing of what is published.
    judged = shown_night if shown_night and shown_night.checks else published
    failed = [c for c in (judged.checks if judged else []) if not c["passed"]]
    files = current_files(entries)
    loads = accepted(entries)
    config, today = read_config(home), today_of(home)
    expected = {x for x in load_contracts() if config.extracts.is_expected(x, today)}
    mappings = read_mappings(home, load_contracts(), force_names())
    return {
        "home": str(home.path),
        "published": _night(published) or ({"night_id": night_id} if night_id else None),
        "rolled_back": rollback
        and {
            "since": rollback.finished_at,
            "by": rollback.by,
            "why": rollback.reason,
            "night_id": rollback.night_id,
        },
        "last_night": _night(last),
        "unfinished": _unfinished(home),
        "missing": sorted(expected - {str(e.extract) for e in loads}),
        "late": late_extracts(loads, today, config.extracts),
        "gaps": [{"extract": x, "force_code": force, "days": days} for x, force, days in coverage_gaps(entries)],
        "not_expected": sorted(set(load_contracts()) - expected),
        "held": [_file(e) for e in held_files(home)],
        "retracted": [_file(e) for e in held_files(home, "retracted")],
        "refused": [_file(e) for e in files if e.outcome == "refused"],
        "waiting": [{"source_file": f["source_file"], "reason": f["reason"]} for f in waiting_files(receipts)],
        "quarantined": [
            {**_file(f.entry), "rows": f.rows, "rows_in_file": f.entry.rows_in_file, "reasons": f.reasons}
            for f in quarantined_files(home)
        ],
        "withdrawn": shown_night.withdrawn if shown_night else {},
        "drift": _drift(entries),
        "editions": [{"file": w.file, "problem": w.problem} for w in read_editions(home).waiting],
        "unknown_values": lines_to_paste(unknown_values(home, entries)),
        "without_areas": _without_areas(home, loads),
        "mappings": [{"file": p.name, "problem": p.reason} for p in mappings.problems],
        "warnings": [c for c in failed if c["severity"] == "warning"],
        "archive": _archive(home, config.keep.archive_days),
        "holding": [c for c in failed if c["severity"] == "critical"],
    }


def _rolled_back(receipts: list[Receipt], published: str | None) -> Receipt | None:
    """The receipt of the last rollback, while what it published stands. None if the newest night is published again."""
    last = next((r for r in reversed(receipts) if r.outcome in ("published", "rolled back")), None)
    newest = next((r.night_id for r in reversed(receipts) if r.outcome == "published"), None)
    is_back = last and last.outcome == "rolled back" and last.republished == published != newest
    return last if is_back else None


def _night(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    fields = ("night_id", "outcome", "started_at", "finished_at", "reason", "figures", "sha256", "seconds")
    return {field: getattr(receipt, field) for field in fields}


def _unfinished(home: Home) -> dict[str, Any] | None:
    marked = read_mark(home)
    if marked is None:
        return None
    return {"night_id": marked.night_id, "started_at": marked.started_at, "is_under_way": is_under_way(home)}


def _archive(home: Home, kept_days: int) -> dict[str, Any]:
    files, size, oldest = archive_size(home)
    erased = sum(e.kind == "archive" for e in read_erasures(home))
    return {"files": files, "bytes": size, "oldest": oldest, "kept_days": kept_days, "erased": erased}


def _without_areas(home: Home, loads: list[LedgerEntry]) -> list[str]:
    """Forces whose files name units although no list has their areas: each row then counts as Not recorded."""
    with_areas = [e for e in loads if UNIT in e.headers and UNIT not in e.lacks]
    an_extract_of = {str(e.force_code): str(e.extract) for e in with_areas}
    return sorted(force for force, extract in an_extract_of.items() if known_values(home, force, extract, UNIT) is None)


def _file(entry: Any) -> dict[str, Any]:
    return {k: getattr(entry, k) for k in FILE_FIELDS}


def _drift(entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    since = utc_microseconds(datetime.now(UTC) - timedelta(days=DRIFT_DAYS))
    # A held file that was released, or one that was retracted, has two entries with the same drift.
    changed = {e.load_id: e for e in entries if e.drift and e.landed_at >= since}
    return [{**_file(e), "drift": e.drift} for e in changed.values() if e.outcome != "retracted"]
