"""Settles conflicts between two files of one extraction time with different windows: rows on which they differ are withheld, or
a file that would lose most of its rows is held.

The rows stay in both raw files, which never change; the keys not to use are stored alongside.
"""

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.config import FileLimits
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from .doubts import implausible_files
from .landing_session import LandingSession
from .rows.parse_values import compared
from .same_rows_again import NEWER_TIME
from .storage.earlier_decisions import utc_microseconds
from .storage.ledger import CONFLICT_KIND, LedgerEntry
from .storage.raw_store import TIED, Load, load_of, parquet_of, withhold_conflicting_rows


def settle_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, other_loads: list[LedgerEntry]
) -> dict[str, int]:
    """Withhold the keys whose rows differ between a stored load and accepted loads of the same time. Returns the number of
    newly withheld rows of each load, by its id."""
    withheld: dict[str, int] = {}
    accepted, settled = {str(e.load_id) for e in other_loads}, {load.load_id}
    for other in map(load_of, other_loads):
        if not _find_conflicts(con, home, contract, load, other):
            continue
        # Of a load that was retracted and is released there may be files of conflicts that are settled again below.
        for side, rival, counted_loads in ((load, other, settled), (other, load, accepted)):
            if rows := _withhold(con, home, contract, side, rival, counted_loads):
                withheld[side.load_id] = withheld.get(side.load_id, 0) + rows
        settled.add(other.load_id)
    return withheld


def count_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, other_loads: list[LedgerEntry]
) -> dict[str, int]:
    """How many rows of each load `settle_conflicts` would newly withhold, by its id."""
    con.execute("create or replace temp table landing_all_conflicts (_key varchar)")
    n_by_load: dict[str, int] = {}
    accepted = {str(e.load_id) for e in other_loads}
    for other in map(load_of, other_loads):
        if _find_conflicts(con, home, contract, load, other):
            con.execute("insert into landing_all_conflicts from landing_conflicts")
            is_new = _is_not_withheld(home, other.load_id, accepted)
            n_by_load[other.load_id] = one_row(con, f"select count(*) {_conflicting_rows(other.raw(home))} and {is_new}")[0]
    n_by_load[load.load_id] = one_row(con, "select count(distinct _key) from landing_all_conflicts")[0]
    return n_by_load


def _find_conflicts(con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, other: Load) -> bool:
    """Make `landing_conflicts`: the keys whose rows differ between two loads. Returns False where the other's rows were
    erased."""
    if not other.raw(home).exists():
        return False
    con.execute(
        f"""
        create or replace temp table landing_conflicts as
        select mine._key
        from {parquet_of(load.raw(home))} as mine
        join {parquet_of(other.raw(home))} as theirs on mine._key = theirs._key
        where {_row("mine", contract)} is distinct from {_row("theirs", contract)}
        """
    )
    return True


def _conflicting_rows(raw: Path) -> str:
    """SQL from `from` on: a load's rows with a key of `landing_conflicts`."""
    return f"from {parquet_of(raw)} where _key in (select _key from landing_conflicts)"


def _row(table: str, contract: Contract) -> str:
    return f"row({', '.join(compared(c, f'{table}.{c.name}') for c in contract.columns)})"


def _withhold(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, load: Load, rival: Load, counted: Collection[str]
) -> int:
    """Withhold a load's rows with a key of `landing_conflicts`. Returns how many of them no conflict of loads in `counted`
    does."""
    name = ", ".join(contract.key)
    reason = f"{name}: differs from the row in {rival.source_file}, extracted at the same time"
    con.execute(
        f"""
        create or replace temp table landing_withheld as
        select * exclude (_line), cast(_line as bigint) as line, {literal(reason)} as _reasons
        {_conflicting_rows(load.raw(home))}
        order by line
        """
    )
    if not one_row(con, "select count(*) from landing_withheld")[0]:
        return 0
    withhold_conflicting_rows(con, home, load, rival.load_id, [c.name for c in contract.columns], "landing_withheld")
    return _withheld_by_one(con, home, load.load_id, rival.load_id, counted)


def _withheld_by_one(con: duckdb.DuckDBPyConnection, home: Home, load: str, rival: str, accepted: Collection[str]) -> int:
    """How many rows of a load a conflict with `rival` withholds, and none with another accepted load."""
    path = home.withheld / f"{load}{TIED}{rival}.parquet"
    by_no_other = _is_not_withheld(home, load, {*accepted} - {rival})
    return int(one_row(con, f"select count(*) from {parquet_of(path)} where {by_no_other}")[0])


def _is_not_withheld(home: Home, load: str, accepted: Collection[str]) -> str:
    """SQL that is true of a load's row that no conflict with an accepted load withholds."""
    paths = [p for p in conflict_files(home, {*accepted, load}) if p.stem.startswith(f"{load}{TIED}")]
    return f"_line not in (select _line from {parquet_of(*paths)})" if paths else "true"


def conflict_files(home: Home, accepted: Collection[str]) -> list[Path]:
    """The files of withheld keys of conflicts between accepted loads."""
    return sorted(p for p in home.withheld.glob(f"*{TIED}*.parquet") if all(x in accepted for x in p.stem.split(TIED)))


def end_conflicts(
    con: duckdb.DuckDBPyConnection, home: Home, load: LedgerEntry, n_later: int, accepted: Collection[str]
) -> dict[str, Any]:
    """What changes in the ledger's entry of a load that counts no longer. Its rows are withheld no longer, neither those that
    it landed without nor the `n_later` that later files withheld; nor are rows of other `accepted` loads that only it withheld
    (less than 0 in `withheld`, by load)."""
    other_ids = [p.stem.split(TIED)[0] for p in conflict_files(home, accepted) if p.stem.endswith(f"{TIED}{load.load_id}")]
    freed = {other_id: -_withheld_by_one(con, home, other_id, str(load.load_id), accepted) for other_id in other_ids}
    freed[str(load.load_id)] = -n_later
    n_tied = load.quarantine_reasons.get(CONFLICT_KIND, 0)
    return {
        "rows_landed": (load.rows_landed or 0) + n_tied,
        "rows_quarantined": (load.rows_quarantined or 0) - n_tied,
        "quarantine_reasons": {k: n for k, n in load.quarantine_reasons.items() if k != CONFLICT_KIND},
        "withheld": {other_id: n for other_id, n in freed.items() if n},
    }


def hold_for_conflicts(
    session: LandingSession,
    load: Load,
    contract: Contract,
    conflicting_loads: list[LedgerEntry],
    rows: int,
    quarantined: int,
    kinds: dict[str, int],
) -> tuple[str | None, list[LedgerEntry]]:
    """The reason to hold a file that would lose most of its rows to conflicts with `conflicting_loads`, accepted files of its
    time, or None; and those of them to settle conflicts with. The rest are held, as they would lose most of theirs,
    whichever came first: a held file has no conflicts. `quarantined`, `kinds`: of the file's rows so far."""
    limits, conflicts = session.limits, count_conflicts(session.con, session.home, contract, load, conflicting_loads)
    by_load, accepted = session.decisions.counts(), {str(o.load_id) for o in conflicting_loads}
    settled: list[LedgerEntry] = []
    # Rows of one that come back (less than 0) because another is held.
    freed = Counter[str]()
    for other in conflicting_loads:
        counts_before, n_tied = by_load[str(other.load_id)], conflicts.get(str(other.load_id), 0)
        n_later = counts_before.rows_quarantined - (other.rows_quarantined or 0)
        n_all = other.quarantine_reasons.get(CONFLICT_KIND, 0) + n_later + n_tied
        its_kinds = other.quarantine_reasons | {CONFLICT_KIND: n_all}
        n_bad = counts_before.rows_quarantined + n_tied
        reason = n_tied and _lost_to_conflicts(limits, counts_before.rows_in_file, n_bad, its_kinds, [load.source_file])
        if reason:
            changes = end_conflicts(session.con, session.home, other, n_later + freed[str(other.load_id)], accepted)
            freed.update(changes["withheld"])
            accepted.remove(str(other.load_id))
            changes |= {"night_id": session.night_id, "landed_at": utc_microseconds(session.clock.tick())}
            session.also_held.append(other.model_copy(update=changes | {"outcome": "held", "reason": reason}))
        else:
            settled.append(other)
    n_tied, rivals = conflicts[load.load_id], [o.source_file for o in conflicting_loads if conflicts.get(str(o.load_id))]
    return _lost_to_conflicts(limits, rows, quarantined + n_tied, kinds | {CONFLICT_KIND: n_tied}, rivals), settled


def _lost_to_conflicts(limits: FileLimits, rows: int, quarantined: int, kinds: dict[str, int], rivals: list[str]) -> str | None:
    """The reason to hold a file with too many rows in quarantine, most of them for conflicts with `rivals`."""
    advice = (
        f"Of the same time: {', '.join(rivals)}. Drop the one that counts again under a newer time ({NEWER_TIME}), or"
        " release it"
    )
    return implausible_files.quarantined_too_much(rows, quarantined, kinds, limits, advice)
