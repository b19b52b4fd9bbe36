"""Reads the verdicts on an edition's claims from the published night."""

from types import SimpleNamespace
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.row_tables import read_rows
from dagster_project.editions import newest_with_files, read_editions
from dagster_project.editions.edition_tables import requested_by
from dagster_project.editions.model import NoEditionError
from dagster_project.serving import connect


def read_claims(home: Home, edition: str | None = None, reason: str = "") -> tuple[str, list[Any]]:
    """An edition (if none is named, the newest of a force with files) and its claims in the order of the report, each with the
    columns of `reports.claims`. Put on record, with `reason`.

    Raises NoEditionError, and what `connect` raises.
    """
    with connect(home, reason, by="pam claims") as con:
        with_claims = dict(con.execute("select edition, max(force_code) from reports.claims group by edition").fetchall())
        printed = dict(con.execute("select edition, max(force_code) from reports.cells group by edition").fetchall())
        chosen = edition or _newest(con, with_claims, printed) or max(with_claims or printed, default="any")
        if chosen not in with_claims and chosen in printed:
            own = read_editions(home).sound.get(chosen)
            if own and (home.editions / f"{chosen}.yml").exists() and requested_by([own]).claims:
                raise NoEditionError(f"the claims of edition {chosen} were added after the published night: run `pam nightly`")
            raise NoEditionError(f"edition {chosen} has no claims yet: `pam claims add` adds one for the next night")
        if chosen not in with_claims:
            there_are = ", ".join(sorted(with_claims)) or "none with claims"
            raise NoEditionError(f"the published night has no claims of edition {chosen}: it has {there_are}")
        rows = read_rows(con, "select * from reports.claims where edition = ? order by claim_no", [chosen])
    return chosen, [SimpleNamespace(**row) for row in rows]


def _newest(con: duckdb.DuckDBPyConnection, with_claims: dict[str, str], printed: dict[str, str]) -> str | None:
    """The newest edition of a force with files: one that has claims, or else one that is printed. Raises NoEditionError."""
    try:
        return newest_with_files(con, with_claims) or newest_with_files(con, printed)
    except NoEditionError:
        return newest_with_files(con, printed)
