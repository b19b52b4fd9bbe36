"""Monthly totals that replace erased rows, so that figures stay: `raw/_kept`.

One Parquet a load, as the publication had it that was made of its rows last: what each month adds to each measure, by unit and
category. No key, no identifier, no row. `by_month` takes them as it takes events, so that a figure is made in one way whether
its rows are there or not.

Beside them, where there are any, the rows of other loads that the erased ones had superseded as newer versions: by load and
line, as nobody could tell any more.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.raw_tables import columns_of
from dagster_project.core.row_tables import make_table
from dagster_project.landing import Erasure, read_erasures

ARCHIVED_COLUMNS = {name: kind for name, kind in columns_of("kept_months").items() if name not in ("kept_night", "is_carried")}
"""What is kept of them; the others the night adds."""
SUPERSEDED_COLUMNS = columns_of("kept_superseded")
SUPERSEDED_SUFFIX = "__superseded"


class RawLostError(PamError, RuntimeError):
    """What the ledger names in raw/ is not there, or not as it was written. Nothing is published without it."""


def archived_loads(home: Home) -> dict[str, Erasure]:
    """Loads whose rows in raw were erased and whose monthly measures stand for them: what is noted of each."""
    return {Path(e.archived).stem: e for e in read_erasures(home) if e.kind == "raw" and e.kept}


def load_archived_totals(con: duckdb.DuckDBPyConnection, home: Home, loads: Collection[str]) -> None:
    """Make `raw.kept_months` and `raw.kept_superseded` of those of the loads that are kept so.

    Raises RawLostError where a file is gone, or is not the one that was written when the rows were erased.
    """
    make_table(con, "raw.kept_months", columns_of("kept_months"), ())
    make_table(con, "raw.kept_superseded", SUPERSEDED_COLUMNS, ())
    for load, erasure in archived_loads(home).items():
        if load not in loads:
            continue
        for name, digest in sorted(erasure.kept.items()):
            path = _checked(home, name, digest)
            if path.stem.endswith(SUPERSEDED_SUFFIX):
                con.execute(
                    f"insert into raw.kept_superseded select {', '.join(SUPERSEDED_COLUMNS)} from read_parquet(?)", [str(path)]
                )
            else:
                con.execute(
                    f"insert into raw.kept_months select {', '.join(ARCHIVED_COLUMNS)}, ?, false from read_parquet(?)",
                    [erasure.night_id, str(path)],
                )


def _checked(home: Home, name: str, digest: str) -> Path:
    path = home.kept / name
    if not path.exists():
        raise RawLostError(
            f"{path.relative_to(home.path)} is gone, and stands for rows that were erased: restore raw/ from a backup, then run"
            " the night again"
        )
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise RawLostError(
                f"{path.relative_to(home.path)} is not as it was when it took the place of erased rows: restore raw/ from a"
                " backup, then run the night again"
            )
    return path
