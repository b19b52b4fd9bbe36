"""Reads the verdicts on an edition's claims from the published night."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dagster_project.core.home import Home
from dagster_project.editions import newest_with_files
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.verdicts import DISAGREES
from dagster_project.serving import connect


@dataclass(frozen=True)
class ComparedClaim:
    """One printed figure, or a statement in our own words (`says`). `computed`: what the marts have; for a statement that does
    not add up, the whole."""

    paragraph: str
    kind: str
    measure: str
    figure: str | None
    area_name: str
    category: str | None
    period_label: str | None
    says: str | None
    printed: str | None
    computed: Decimal | None
    difference: Decimal | None
    verdict: str
    reason: str | None
    is_known: bool
    known_reason: str | None
    note: str | None

    @property
    def fails(self) -> bool:
        """Whether it disagrees, and the edition does not list it as known."""
        return self.verdict == DISAGREES and not self.is_known


def read_claims(home: Home, edition: str | None = None, reason: str = "") -> tuple[str, list[ComparedClaim]]:
    """An edition (if none is named, the newest of a force with files) and its claims in the order of the report. Put on record,
    with `reason`.

    Raises NoEditionError, and what `connect` raises.
    """
    with connect(home, reason, by="pam claims") as con:
        editions = dict(con.execute("select edition, max(force_code) from reports.claims group by edition").fetchall())
        if not editions or edition not in (None, *editions):
            there_are = ", ".join(sorted(editions)) or "none with claims"
            raise NoEditionError(f"the published night has no claims of edition {edition or 'any'}: it has {there_are}")
        chosen = edition or newest_with_files(con, editions) or max(editions)
        columns = ", ".join(ComparedClaim.__dataclass_fields__)
        rows: list[tuple[Any, ...]] = con.execute(
            f"select {columns} from reports.claims where edition = ? order by claim_no", [chosen]
        ).fetchall()
    return chosen, [ComparedClaim(*row) for row in rows]
