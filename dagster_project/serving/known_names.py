"""The names of schemas, relations and columns in the published night. The record of a query keeps only these."""

from functools import lru_cache
from pathlib import Path

import duckdb

from dagster_project.core.home import Home


def published_names(home: Home) -> frozenset[str]:
    """All names in the published file; none if nothing is published, or it can't be read."""
    try:
        path = home.warehouse.resolve(strict=True)
        return _names(path, path.stat().st_mtime_ns)
    except (OSError, duckdb.Error):
        return frozenset()


@lru_cache(maxsize=4)
def _names(path: Path, _mtime_ns: int) -> frozenset[str]:
    # Through a database of its own: one that this process has open of the file may have other settings.
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute(
            """
            select schema_name from duckdb_columns() union select table_name from duckdb_columns()
            union select column_name from duckdb_columns()
            """
        )
        return frozenset(name for (name,) in names.fetchall())
