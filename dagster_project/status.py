"""What is published, what is missing or late, and what was held, refused, quarantined or withdrawn."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .config import read_config
from .contracts import load_contracts
from .held import held_files
from .landing import accepted, kept, read_erasures, read_ledger
from .meta import standing_files
from .nights import Receipt, read_receipts
from .publish import published_night
from .quarantine import quarantined_files
from .settings import LONDON, Home

FILE_FIELDS = ("source_file", "extract", "force_code", "reason", "night_id")


def status(home: Home) -> dict[str, Any]:
    """The state of a home, as data: `published`, `last_night`, `late`, `missing`, `held`, `refused`, `quarantined`,
    `withdrawn`, `warnings`, `archive`. Reads the ledger and the receipts; no night needs to be published.
    """
    receipts = read_receipts(home)
    entries = read_ledger(home)
    last = receipts[-1] if receipts else None
    night_id = published_night(home)
    published = next((r for r in receipts if r.night_id == night_id), None)
    files = standing_files(entries)
    loads = accepted(entries)
    return {
        "home": str(home.path),
        "published": _night(published) or ({"night_id": night_id} if night_id else None),
        "last_night": _night(last),
        "missing": sorted(set(load_contracts()) - {str(e.extract) for e in loads}),
        "late": _late(loads),
        "held": [_file(e) for e in held_files(home)],
        "refused": [_file(e) for e in files if e.outcome == "refused"],
        "quarantined": [{**_file(f.entry), "rows": f.rows, "reasons": f.reasons} for f in quarantined_files(home)],
        "withdrawn": last.withdrawn if last else {},
        "warnings": [c for c in (last.checks if last else []) if not c["passed"] and c["severity"] == "warning"],
        "archive": _archive(home),
        "holding": [c for c in (last.checks if last else []) if not c["passed"] and c["severity"] == "critical"],
    }


def _night(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    kept = ("night_id", "outcome", "started_at", "finished_at", "reason", "figures", "sha256", "seconds")
    return {k: v for k, v in asdict(receipt).items() if k in kept}


def _archive(home: Home) -> dict[str, Any]:
    files, size, oldest = kept(home)
    return {
        "files": files,
        "bytes": size,
        "oldest": oldest,
        "kept_days": read_config(home).keep.archive_days,
        "erased": len(read_erasures(home)),
    }


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
