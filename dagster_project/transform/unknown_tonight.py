"""Values of tonight's files that no list knows, counted for the gate's warning."""

from collections.abc import Iterable

import duckdb

from dagster_project.core.raw_tables import columns_of
from dagster_project.core.row_tables import make_table
from dagster_project.landing import LedgerEntry
from dagster_project.landing.vocabulary import shown_values


def make_unknown_table(con: duckdb.DuckDBPyConnection, tonight: Iterable[LedgerEntry]) -> None:
    """Make `raw.unknown_tonight`: by extract and force, the number of rows with unknown values, and the values.

    A row counts once for each column in which its value is unknown.
    """
    totals: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for e in tonight:
        for column, rows in e.unknown_told.items():
            place = (str(e.extract), str(e.force_code))
            before, texts = totals.get(place, (0, []))
            totals[place] = (before + rows, [*texts, f"{column}: {shown_values(e.unknown_values.get(column, {}))}"])
    table = [(*place, n, "; ".join(dict.fromkeys(texts))) for place, (n, texts) in sorted(totals.items())]
    make_table(con, "raw.unknown_tonight", columns_of("unknown_tonight"), table)
