"""Reads the verdicts on an edition's claims from the published night."""

from types import SimpleNamespace
from typing import Any

import duckdb

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
        chosen = edition or newest_with_claims(con, editions) or max(editions)
        rows = read_rows(con, "select * from reports.claims where edition = ? order by claim_no", [chosen])
    return chosen, [SimpleNamespace(**row) for row in rows]


def newest_with_claims(con: duckdb.DuckDBPyConnection, with_claims: dict[str, str]) -> str | None:
    """The newest edition with claims of a force with files. Raises NoEditionError."""
    try:
        return newest_with_files(con, with_claims)
    except NoEditionError:
        printed = dict(con.execute("select edition, max(force_code) from reports.cells group by edition").fetchall())
        # Raises the same again if there is no edition of such a force at all.
        without = newest_with_files(con, printed)
        raise NoEditionError(f"edition {without} has no claims yet: `pam claims add` adds one, and the next night compares it"
                             ) from None  # fmt: skip
