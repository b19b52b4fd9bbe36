"""Reads the verdicts on an edition's claims from the published night."""

from types import SimpleNamespace
from typing import Any

from dagster_project.core.home import Home
from dagster_project.editions import newest_with_files
from dagster_project.editions.model import NoEditionError
from dagster_project.reporting.rows import read_rows
from dagster_project.serving import connect


def read_claims(home: Home, edition: str | None = None, reason: str = "") -> tuple[str, list[Any]]:
    """An edition (if none is named, the newest of a force with files) and its claims in the order of the report, each with the
    columns of `reports.claims`. Put on record, with `reason`.

    Raises NoEditionError, and what `connect` raises.
    """
    with connect(home, reason, by="pam claims") as con:
        editions = dict(con.execute("select edition, max(force_code) from reports.claims group by edition").fetchall())
        if not editions or edition not in (None, *editions):
            there_are = ", ".join(sorted(editions)) or "none with claims"
            raise NoEditionError(f"the published night has no claims of edition {edition or 'any'}: it has {there_are}")
        chosen = edition or newest_with_files(con, editions) or max(editions)
        rows = read_rows(con, "select * from reports.claims where edition = ? order by claim_no", [chosen])
    return chosen, [SimpleNamespace(**row) for row in rows]
