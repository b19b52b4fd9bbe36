"""Settles conflicts between two files of one extraction time with different windows: rows on which they differ are withheld.

The rows stay in both raw files, which never change; the keys not to use are stored alongside.
"""

from collections.abc import Collection
from pathlib import Path

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from .ledger import LedgerEntry
from .raw_store import TIED, Load, parquet_of, write_tie


def load_of(entry: LedgerEntry) -> Load:
    assert entry.load_id and entry.extract and entry.force_code and entry.extracted_at, "the file did not land"
    return Load(entry.load_id, entry.extract, entry.force_code, entry.extracted_at, entry.source_file)


def settle_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, others: list[LedgerEntry]
) -> dict[str, int]:
    """Withhold the keys whose rows differ between a stored load and accepted loads of the same time. Returns the number of
    newly withheld rows of each load, by its id."""
    withheld: dict[str, int] = {}
    accepted, settled = {str(e.load_id) for e in others}, {load.load_id}
    for other in map(load_of, others):
        if not other.raw(home).exists():
            # Erased, as it expired.
            continue
        con.execute(
            f"""
            create or replace temp table landing_tied as
            select mine._key
            from {parquet_of(load.raw(home))} as mine
            join {parquet_of(other.raw(home))} as theirs on mine._key = theirs._key
            where {_row("mine", contract)} is distinct from {_row("theirs", contract)}
            """
        )
        # Of a load that was retracted and is released there may be files of conflicts that are settled again below.
        for one, rival, counted in ((load, other, settled), (other, load, accepted)):
            if rows := _withhold(con, home, contract, one, rival, counted):
                withheld[one.load_id] = withheld.get(one.load_id, 0) + rows
        settled.add(other.load_id)
    return withheld


def _row(table: str, contract: Contract) -> str:
    return f"row({', '.join(f'{table}.{c.name}' for c in contract.columns)})"


def _withhold(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, rival: Load, counted: Collection[str]
) -> int:
    """Withhold a load's rows with a key of `landing_tied`. Returns how many of them no conflict of loads in `counted` does."""
    name = ", ".join(contract.key)
    reason = f"{name}: differs from the row in {rival.source_file}, extracted at the same time"
    con.execute(
        f"""
        create or replace temp table landing_withheld as
        select * exclude (_line), cast(_line as bigint) as line, {literal(reason)} as _reasons
        from {parquet_of(load.raw(home))}
        where _key in (select _key from landing_tied)
        order by line
        """
    )
    if not one_row(con.execute("select count(*) from landing_withheld"))[0]:
        return 0
    write_tie(con, home, load, rival.load_id, [c.name for c in contract.columns], "landing_withheld")
    return _withheld_by_one(con, home, load.load_id, rival.load_id, counted)


def _withheld_by_one(con: duckdb.DuckDBPyConnection, home: Home, load: str, rival: str, accepted: Collection[str]) -> int:
    """How many rows of a load a conflict with `rival` withholds, and none with another accepted load."""
    own = home.withheld / f"{load}{TIED}{rival}.parquet"
    others = [p for p in ties(home, accepted) if p.stem.startswith(f"{load}{TIED}") and p != own]
    rest = f"where _line not in (select _line from {parquet_of(*others)})" if others else ""
    return int(one_row(con.execute(f"select count(*) from {parquet_of(own)} {rest}"))[0])


def ties(home: Home, accepted: Collection[str]) -> list[Path]:
    """The files of withheld keys of conflicts between accepted loads."""
    return sorted(p for p in home.withheld.glob(f"*{TIED}*.parquet") if all(x in accepted for x in p.stem.split(TIED)))


def end_conflicts(con: duckdb.DuckDBPyConnection, home: Home, load: str, accepted: Collection[str]) -> dict[str, int]:
    """The rows of other accepted loads that are no longer withheld without `load`: less than 0, by load."""
    others = [p.stem.split(TIED)[0] for p in ties(home, accepted) if p.stem.endswith(f"{TIED}{load}")]
    freed = {other: -_withheld_by_one(con, home, other, load, accepted) for other in others}
    return {other: n for other, n in freed.items() if n}
