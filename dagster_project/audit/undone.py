"""Disclosures on record that did not happen, because the process ended between the record and the deed."""

from datetime import datetime

from dagster_project.core.home import Home

from .log import record
from .read import read_log


def withdraw_undone(home: Home, what: str, night_id: str, since: str, found_by: str) -> list[int]:
    """Withdraw the disclosures `what` of a night that are on record since a time (ISO 8601) and are not withdrawn yet.

    For whoever finds that they did not happen. Returns their numbers; none is no fault. Raises AuditKeyError and OSError.
    """
    told: list[int] = []
    withdrawn: set[int] = set()
    begun = datetime.fromisoformat(since)
    for one in read_log(home):
        withdrawn |= set(one.facts.get("withdraws", ()))
        is_it = one.kind == "disclosure" and one.facts.get("what") == what and one.facts.get("night_id") == night_id
        if is_it and datetime.fromisoformat(one.at) >= begun:
            told.append(one.n)
    if undone := [n for n in told if n not in withdrawn]:
        record(home, "disclosure", what=f"not {what}", night_id=night_id, withdraws=undone, found_by=found_by)
    return undone
