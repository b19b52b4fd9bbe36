"""What is published, what is missing or late, and what was held, refused, quarantined or withdrawn."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from .contracts import load_contracts
from .landing import accepted, counts, read_ledger
from .meta import is_replaced, standing_files
from .nights import Receipt, read_receipts
from .publish import published_night
from .settings import LONDON, Home

FILE_FIELDS = ("source_file", "extract", "force_code", "reason", "night_id")


def status(home: Home) -> dict[str, Any]:
    """The state of a home, as data: `published`, `last_night`, `late`, `missing`, `held`, `refused`, `quarantined`,
    `withdrawn`, `warnings`. Reads the ledger and the receipts; no night needs to be published.
    """
    receipts = read_receipts(home)
    entries = read_ledger(home)
    last = receipts[-1] if receipts else None
    night_id = published_night(home)
    published = next((r for r in receipts if r.night_id == night_id), None)
    files = standing_files(entries)
    totals = counts(entries)
    loads = accepted(entries)
    return {
        "home": str(home.path),
        "published": _night(published) or ({"night_id": night_id} if night_id else None),
        "last_night": _night(last),
        "missing": sorted(set(load_contracts()) - {str(e.extract) for e in loads}),
        "late": late_extracts(loads),
        "held": [_file(e) for e in files if e.outcome == "held" and not is_replaced(e, loads)],
        "refused": [_file(e) for e in files if e.outcome == "refused"],
        "quarantined": [
            {**_file(e), "rows": n, "reasons": e.quarantine_reasons}
            for e in loads
            for n in (totals[str(e.load_id)].rows_quarantined,)
            if n
        ],
        "withdrawn": last.withdrawn if last else {},
        "warnings": [c for c in (last.checks if last else []) if not c["passed"] and c["severity"] == "warning"],
        "holding": [c for c in (last.checks if last else []) if not c["passed"] and c["severity"] == "critical"],
    }


def _night(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    kept = ("night_id", "outcome", "started_at", "finished_at", "reason", "figures", "sha256", "seconds")
    return {k: v for k, v in asdict(receipt).items() if k in kept}


def _file(entry: Any) -> dict[str, Any]:
    return {k: getattr(entry, k) for k in FILE_FIELDS}


def late_extracts(loads: list[Any], today: date | None = None) -> list[dict[str, Any]]:
    """Extracts and forces whose newest covered day lies further back than their rhythm allows, on a day in London.

    `loads`: the accepted ones. Each has `extract`, `force_code`, `rhythm`, `covered_to` (date) and `days_late` (whole).
    """
    today = today or datetime.now(UTC).astimezone(LONDON).date()
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
