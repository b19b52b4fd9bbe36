"""Withdraws disclosures on record that did not happen, because the process was killed between the record and the deed."""

from datetime import datetime

from dagster_project.core.home import Home

from .log import record
from .read import read_log


def withdraw_undone(home: Home, what: str, night_id: str, since: str, found_by: str) -> list[int]:
    """Withdraw a night's disclosures `what` that were recorded at or after `since` (ISO 8601) and are not withdrawn yet.

    `found_by`: who found that they did not happen. Returns their numbers, if any. Raises AuditKeyError and OSError.
    """
    disclosed: list[int] = []
    withdrawn: set[int] = set()
    start = datetime.fromisoformat(since)
    for r in read_log(home):
        withdrawn |= set(r.facts.get("withdraws", ()))
        is_of_night = r.kind == "disclosure" and r.facts.get("what") == what and r.facts.get("night_id") == night_id
        if is_of_night and datetime.fromisoformat(r.at) >= start:
            disclosed.append(r.n)
    if undone := [n for n in disclosed if n not in withdrawn]:
        record(home, "disclosure", what=f"not {what}", night_id=night_id, withdraws=undone, found_by=found_by)
    return undone
