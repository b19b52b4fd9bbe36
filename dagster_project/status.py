"""What is published, what is missing or late, and what was held, refused, quarantined or withdrawn."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .contracts import load_contracts
from .landing import accepted, counts, read_ledger
from .meta import is_replaced, standing_files
from .nights import Receipt, read_receipts
from .publish import published_night
from .settings import LONDON, Home

FILE_FIELDS = ("source_file", "extract", "force_code", "reason", "night_id")


def status(home: Home) -> dict[str, Any]:
    """The state of a home, as data: `published`, `rolled_back`, `last_night`, `late`, `missing`, `held`, `refused`,
    `quarantined`, `withdrawn`, `warnings`. Reads the ledger and the receipts; no night needs to be published.

    `rolled_back` says since when, by whom and why an earlier night is published; None where the newest one is. What is
    withdrawn and warned of is then that night's, else the last one's.
    """
    receipts = read_receipts(home)
    entries = read_ledger(home)
    nights = [r for r in receipts if not r.republished]
    night_id = published_night(home)
    published = next((r for r in receipts if r.night_id == night_id), None)
    back = _rolled_back(receipts, night_id)
    last = nights[-1] if nights else None
    shown = published if back and receipts[-1] is back else last
    files = standing_files(entries)
    totals = counts(entries)
    loads = accepted(entries)
    return {
        "home": str(home.path),
        "published": _night(published) or ({"night_id": night_id} if night_id else None),
        "rolled_back": {"since": back.finished_at, "by": back.by, "why": back.reason, "night_id": back.night_id}
        if back
        else None,
        "last_night": _night(last),
        "missing": sorted(set(load_contracts()) - {str(e.extract) for e in loads}),
        "late": _late(loads),
        "held": [_file(e) for e in files if e.outcome == "held" and not is_replaced(e, loads)],
        "refused": [_file(e) for e in files if e.outcome == "refused"],
        "quarantined": [
            {**_file(e), "rows": n, "reasons": e.quarantine_reasons}
            for e in loads
            for n in (totals[str(e.load_id)].rows_quarantined,)
            if n
        ],
        "withdrawn": shown.withdrawn if shown else {},
        "warnings": [c for c in (shown.checks if shown else []) if not c["passed"] and c["severity"] == "warning"],
        "holding": [c for c in (shown.checks if shown else []) if not c["passed"] and c["severity"] == "critical"],
    }


def _rolled_back(receipts: list[Receipt], published: str | None) -> Receipt | None:
    """The receipt of going back, while what it published again is what stands."""
    last = next((r for r in reversed(receipts) if r.outcome in ("published", "rolled back")), None)
    return last if last and last.outcome == "rolled back" and last.republished == published else None


def _night(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    kept = ("night_id", "outcome", "started_at", "finished_at", "reason", "figures", "sha256", "seconds")
    return {k: v for k, v in asdict(receipt).items() if k in kept}


def _file(entry: Any) -> dict[str, Any]:
    return {k: getattr(entry, k) for k in FILE_FIELDS}


def _late(loads: list[Any]) -> list[dict[str, Any]]:
    today = datetime.now(UTC).astimezone(LONDON).date()
    contracts = load_contracts()
    newest: dict[tuple[str, str], Any] = {}
    for e in loads:
        at = (str(e.extract), str(e.force_code))
        if e.extract in contracts and (at not in newest or e.covered_to > newest[at]):
            newest[at] = e.covered_to
    late = []
    for (extract, force), covered_to in sorted(newest.items()):
        contract = contracts[extract]
        days = (today - covered_to).days - contract.grace_days
        if days > 0:
            late.append(
                {
                    "extract": extract,
                    "force_code": force,
                    "rhythm": contract.rhythm,
                    "covered_to": covered_to,
                    "days_late": days,
                }
            )
    return late
