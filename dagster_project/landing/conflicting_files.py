"""Settles conflicts between two files of one extraction time with different windows: rows on which they differ are withheld, or
a file that would lose most of its rows is held.

The rows stay in both raw files, which never change; the keys not to use are stored alongside.
"""

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from .ledger import LedgerEntry
from .raw_store import Load, parquet_of, write_tie

CONFLICT_KIND = "differs from an extraction of the same time"


def load_of(entry: LedgerEntry) -> Load:
    assert entry.load_id and entry.extract and entry.force_code and entry.extracted_at, "the file did not land"
    return Load(entry.load_id, entry.extract, entry.force_code, entry.extracted_at, entry.source_file)


def settle_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, others: list[LedgerEntry]
) -> dict[str, int]:
    """Withhold the keys whose rows differ between a stored load and accepted loads of the same time. Returns the number of
    newly withheld rows of each load, by its id."""
    withheld: dict[str, int] = {}
    for other in map(load_of, others):
        if not _find_tied(con, home, contract, load, other):
            continue
        for one, rival in ((load, other), (other, load)):
            if rows := _withhold(con, home, contract, one, rival):
                withheld[one.load_id] = withheld.get(one.load_id, 0) + rows
    return withheld


def count_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, others: list[LedgerEntry]
) -> dict[str, int]:
    """How many rows of each load `settle_conflicts` would newly withhold, by its id."""
    con.execute("create or replace temp table landing_all_tied (_key varchar)")
    found: dict[str, int] = {}
    for other in map(load_of, others):
        if _find_tied(con, home, contract, load, other):
            con.execute("insert into landing_all_tied from landing_tied")
            found[other.load_id] = one_row(con.execute(f"select count(*) {_tied_rows(home, other)}"))[0]
    found[load.load_id] = one_row(con.execute("select count(distinct _key) from landing_all_tied"))[0]
    return found


def _find_tied(con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, other: Load) -> bool:
    """Make `landing_tied`: the keys whose rows differ between two loads. Returns False where the other's rows were erased."""
    if not other.raw(home).exists():
        return False
    con.execute(
        f"""
        create or replace temp table landing_tied as
        select mine._key
        from {parquet_of(load.raw(home))} as mine
        join {parquet_of(other.raw(home))} as theirs on mine._key = theirs._key
        where {_row("mine", contract)} is distinct from {_row("theirs", contract)}
        """
    )
    return True


def _tied_rows(home: Home, load: Load) -> str:
    """SQL from `from` on: a load's rows with a key of `landing_tied`. No row is withheld twice for a third load."""
    already = sorted(home.withheld.glob(f"{load.load_id}*.parquet"))
    known = f"and _line not in (select _line from {parquet_of(*already)})" if already else ""
    return f"from {parquet_of(load.raw(home))} where _key in (select _key from landing_tied) {known}"


def _row(table: str, contract: Contract) -> str:
    return f"row({', '.join(f'{table}.{c.name}' for c in contract.columns)})"


def _withhold(con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, rival: Load) -> int:
    """Withhold a load's rows with a key of `landing_tied`. Returns how many."""
    name = ", ".join(contract.key)
    reason = f"{name}: differs from the row in {rival.source_file}, extracted at the same time"
    con.execute(
        f"""
        create or replace temp table landing_withheld as
        select * exclude (_line), cast(_line as bigint) as line, {literal(reason)} as _reasons
        {_tied_rows(home, load)}
        order by line
        """
    )
    rows = int(one_row(con.execute("select count(*) from landing_withheld"))[0])
    if rows:
        write_tie(con, home, load, rival.load_id, [c.name for c in contract.columns], "landing_withheld")
    return rows
