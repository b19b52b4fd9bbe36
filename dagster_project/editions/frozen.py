"""Freezes an edition: keeps its figures as they were when it was issued, whatever is corrected later."""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.files import make_folder, new_file, write_whole
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.published_file import open_published
from dagster_project.core.receipts import utc_seconds
from dagster_project.core.sql import literal, one_row

from .model import NoEditionError

RELATIONS = ("tables", "cells", "claims")
ASKED = ("mart", "measure", "category", "area_type", "area_name", "shows")
"""The columns of a cell that say which figure it has, besides its days."""

UNITS = (
    "select force_code, area_type, max(area_code) as area_code, area_name from warehouse.marts.measures"
    " where area_type in ('section', 'lpu') group by all"
)
"""The sections and units of the published night."""


class FrozenError(PamError, ValueError):
    """The edition is already frozen, or is not frozen."""


@dataclass(frozen=True)
class Frozen:
    """A frozen edition: its night, and who froze it when."""

    edition: str
    night_id: str
    frozen_at: str
    by: str
    cells: int


def folder(home: Home) -> Path:
    """The folder of frozen editions: `<edition>.json`, and a Parquet file for each relation."""
    return home.editions / "frozen"


@contextmanager
def _published(home: Home) -> Generator[duckdb.DuckDBPyConnection]:
    """The published file, to read, in a connection that can write other files. Raises NothingPublishedError."""
    open_published(home).close()
    with working_database(home) as con:
        con.execute(f"attach {literal(str(home.warehouse))} as warehouse (read_only)")
        yield con


def frozen_editions(home: Home) -> list[Frozen]:
    """Every frozen edition, the oldest first."""
    return [Frozen(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder(home).glob("*.json"))]


def freeze_edition(home: Home, edition: str, by: str) -> Frozen:
    """Keep an edition's tables, cells and claims as the published night has them.

    The JSON file is written last: until it exists, nothing is frozen. Raises FrozenError if it is already frozen, and
    NoEditionError if the published night does not have it.
    """
    if any(f.edition == edition for f in frozen_editions(home)):
        raise FrozenError(f"edition {edition} is frozen already; what was printed does not change")
    make_folder(folder(home))
    with _published(home) as con:
        (night,) = one_row(con, "select night_id from warehouse.meta.nights where finished_at is null")
        known = [r[0] for r in con.execute("select distinct edition from warehouse.reports.tables order by 1").fetchall()]
        if edition not in known:
            raise NoEditionError(f"the published night has no edition {edition}: it has {', '.join(known) or 'none'}")
        for name in RELATIONS:
            # A unit may have another name later: its code finds its cells then.
            codes = f" left join ({UNITS}) using (force_code, area_type, area_name)" if name == "cells" else ""
            with new_file(folder(home) / f"{edition}__{name}.parquet") as new:
                con.execute(
                    f"copy (from warehouse.reports.{name}{codes} where edition = {literal(edition)})"
                    f" to {literal(str(new))} (format parquet, use_tmp_file false)"
                )
        (cells,) = one_row(con, "select count(*) from warehouse.reports.cells where edition = ?", [edition])
    frozen = Frozen(edition, night, utc_seconds(datetime.now(UTC)), by, cells)
    write_whole(folder(home) / f"{edition}.json", json.dumps(asdict(frozen), indent=1).encode("utf-8"))
    return frozen


def frozen_paths(home: Home) -> list[Path]:
    """The Parquet files of the cells of every frozen edition."""
    return [folder(home) / f"{f.edition}__cells.parquet" for f in frozen_editions(home)]


def read_frozen_cells(
    con: duckdb.DuckDBPyConnection, paths: Iterable[Path], units_of: Callable[[str], Iterable[tuple[str, ...]]]
) -> None:  # fmt: skip
    """Make the temporary table `frozen_cells`, in which a unit has the name that it has now. `paths`: Parquet files of cells.
    `units_of`: the units of a force, in the columns of UNITS.

    Cells that an earlier version froze have no codes: their names stay.
    """
    files = [str(p) for p in paths]
    con.execute("create or replace temp table frozen_cells as from read_parquet(?, union_by_name = true)", [files])
    con.execute("alter table frozen_cells add column if not exists area_code varchar")
    for (force,) in con.execute("select distinct force_code from frozen_cells").fetchall():
        if units := list(units_of(force)):
            con.execute(
                "update frozen_cells as o set area_name = u.area_name,"
                # A row of every unit has its name.
                " row_label = case when o.row_label = o.area_name then u.area_name else o.row_label end"
                " from (select unnest(?), unnest(?), unnest(?), unnest(?)) as u(force_code, area_type, area_code, area_name)"
                " where o.force_code = u.force_code and o.area_type = u.area_type and o.area_code = u.area_code",
                [list(column) for column in zip(*units, strict=True)],
            )


def revised_cells(home: Home, edition: str) -> list[tuple[Any, ...]]:
    """Cells of a frozen edition with other figures in the published night: table, row, column, printed, now, difference.

    A cell that is of other days now, or that only one of them has, is there without the other's figure. The difference is None
    if either has no number. Raises FrozenError if the edition is not frozen.
    """
    if not any(f.edition == edition for f in frozen_editions(home)):
        raise FrozenError(f"edition {edition} is not frozen: `pam edition freeze {edition}` keeps it as it is issued")
    with _published(home) as con:
        units = f"select * from ({UNITS}) where force_code = ?"
        path = folder(home) / f"{edition}__cells.parquet"
        read_frozen_cells(con, [path], lambda force: con.execute(units, [force]).fetchall())
        return con.execute(
            "select coalesce(o.table_name, n.table_name), coalesce(o.row_label, n.row_label), coalesce(o.column_label,"
            " n.column_label), o.printed, n.printed, n.value - o.value from frozen_cells as o"
            " full join (from warehouse.reports.cells where edition = ?) as n on o.table_name = n.table_name"
            " and o.row_label is not distinct from n.row_label and o.column_name = n.column_name"
            # Rows of one label, such as a total of each part, are of other figures.
            f" and ({', '.join(f'o.{c}' for c in ASKED)}) is not distinct from ({', '.join(f'n.{c}' for c in ASKED)})"
            # An edition that was changed since may ask for other days there: that is no revision of the figure.
            " and o.period_start is not distinct from n.period_start and o.period_end is not distinct from n.period_end"
            " where o.value is distinct from n.value or o.data_status is distinct from n.data_status"
            " order by coalesce(o.table_name, n.table_name), coalesce(o.row_no, n.row_no), coalesce(o.column_no, n.column_no)",
            [edition],
        ).fetchall()
