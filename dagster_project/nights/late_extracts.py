"""Which extracts are late: their newest covered day is longer ago than their rhythm allows."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from dagster_project.contracts import load_contracts
from dagster_project.core.config import Extracts
from dagster_project.landing import LedgerEntry


def late_extracts(loads: Iterable[LedgerEntry], today: date, expected: Extracts) -> list[dict[str, Any]]:
    """Extracts and forces whose newest covered day is longer ago than their rhythm allows, as of `today` (in London).

    `loads`: accepted ledger entries. `expected`: which extracts should come at all. Each result has `extract`, `force_code`,
    `rhythm`, `covered_to` (a date) and `days_late` (whole days).
    """
    contracts = load_contracts()
    newest: dict[tuple[str, str], Any] = {}
    for load in loads:
        key = (str(load.extract), str(load.force_code))
        is_expected = load.extract in contracts and expected.is_expected(load.extract, today)
        if is_expected and (key not in newest or load.covered_to > newest[key]):
            newest[key] = load.covered_to
    late = []
    for (extract, force), covered_to in sorted(newest.items()):
        contract = contracts[extract]
        days = (today - covered_to).days - contract.grace_days
        if days > 0:
            late.append({
                "extract": extract, "force_code": force, "rhythm": contract.rhythm, "covered_to": covered_to, "days_late": days,
            })  # fmt: skip
    return late
