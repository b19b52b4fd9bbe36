"""An edition's figures as they were when it went out: kept beside the home's editions, whatever is corrected later."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ..landing.files import make_folder, put_in_place, unfinished, write_whole
from ..serving import connect
from ..settings import Home
from .check import NoEditionError

RELATIONS = ("tables", "cells", "claims")


class FrozenError(ValueError):
    """The edition is frozen already, or is not."""


@dataclass(frozen=True)
class Frozen:
    """What is known of a frozen edition."""

    edition: str
    night_id: str
    frozen_at: str
    by: str
    cells: int


def folder(home: Home) -> Path:
    """Where frozen editions are kept: `<edition>.json`, and a Parquet file a relation."""
    return home.editions / "frozen"


def frozen_editions(home: Home) -> list[Frozen]:
    """Every frozen edition, the oldest first."""
    found = sorted(folder(home).glob("*.json")) if folder(home).is_dir() else []
    return [Frozen(**json.loads(path.read_text(encoding="utf-8"))) for path in found]


def freeze(home: Home, edition: str, by: str) -> Frozen:
    """Keep an edition's tables, cells and claims as the published night has them.

    The note of it is written last: until it is there, nothing is frozen. Raises FrozenError where it is frozen already,
    NoEditionError where the published night does not have it.
    """
    if any(f.edition == edition for f in frozen_editions(home)):
        raise FrozenError(f"edition {edition} is frozen already; what was printed does not change")
    source = connect(home)
    try:
        (night,) = source.execute("select night_id from meta.nights where finished_at is null").fetchone()
        known = [r[0] for r in source.execute("select distinct edition from reports.tables order by 1").fetchall()]
        if edition not in known:
            raise NoEditionError(f"the published night has no edition {edition}: it has {', '.join(known) or 'none'}")
        kept = {
            name: source.execute(f"select * from reports.{name} where edition = ?", [edition]).to_arrow_table()
            for name in RELATIONS
        }
    finally:
        source.close()
    make_folder(folder(home))
    with duckdb.connect() as con:
        for name, rows in kept.items():
            con.register("kept", rows)
            path = folder(home) / f"{edition}__{name}.parquet"
            con.execute(f"copy (from kept) to '{str(unfinished(path)).replace(chr(39), chr(39) * 2)}' (format parquet)")
            unfinished(path).chmod(0o600)
            put_in_place(unfinished(path), path)
            con.unregister("kept")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    frozen = Frozen(edition, night, now, by, kept["cells"].num_rows)
    write_whole(folder(home) / f"{edition}.json", json.dumps(asdict(frozen), indent=1).encode("utf-8"))
    return frozen


def frozen_paths(home: Home, relation: str) -> list[Path]:
    """A relation's Parquet files of every frozen edition."""
    return [folder(home) / f"{f.edition}__{relation}.parquet" for f in frozen_editions(home)]
