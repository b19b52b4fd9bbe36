"""Values of tonight's files that no list knows, counted for the gate's warning."""

from collections.abc import Iterable

import duckdb

from dagster_project.core.raw_tables import columns_of
from dagster_project.core.row_tables import make_table
from dagster_project.landing import LedgerEntry
from dagster_project.landing.vocabulary import shown_values


def make_unknown_table(con: duckdb.DuckDBPyConnection, tonight: Iterable[LedgerEntry]) -> None:
    """Make `raw.unknown_tonight`: by extract and force, rows whose values no list knows, and the values with their rows.

    A row counts once for each column of which it has no known value.
    """
    found: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for e in tonight:
        for column, rows in e.unknown_told.items():
            place = (str(e.extract), str(e.force_code))
            before, said = found.get(place, (0, []))
            found[place] = (before + rows, [*said, f"{column}: {shown_values(e.unknown_values.get(column, {}))}"])
    listed = [(*place, n, "; ".join(dict.fromkeys(said))) for place, (n, said) in sorted(found.items())]
    make_table(con, "raw.unknown_tonight", columns_of("unknown_tonight"), listed)
