"""Which months a night builds again: those that its files touch, and those with rows erased since. All others are carried
forward.

The unit is a month of an extract and force. A file touches the months of its window, and the months in which an earlier row had
one of its keys. If a row counts beyond its own month (whole lists, extracts that look back, figures that others publish), a new
file touches all months of its force.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row
from dagster_project.landing import LedgerEntry, accepted, read_ledger
from dagster_project.landing.storage.raw_store import load_of, parquet_of

from .kept_totals import loads_as_totals

Place = tuple[str, str]
"""Extract and force."""
ERASED = "erased"
MONTHLY = ("events", "monthly_file")
"""Kinds whose rows add to the months of their own days, and to no others."""


@dataclass(frozen=True)
class MonthsToRebuild:
    """What is built again. `whole`: every month of these extracts and forces. `months`: only these months, such as 2025-03.
    Everything else is carried forward.
    """

    whole: set[Place] = field(default_factory=set)
    months: dict[Place, set[str]] = field(default_factory=dict)
    erased: set[tuple[str, str, int]] = field(default_factory=set)
    """Extract, force and month (0: all) that are built again only because rows were erased. Their kept monthly totals
    replace the rows, so the figures stay the same.
    """

    def has(self, entry: LedgerEntry) -> bool:
        """Whether any rows of a load are read."""
        place = (str(entry.extract), str(entry.force_code))
        return place in self.whole or not self.months.get(place, set()).isdisjoint(_months(entry))

    def where(self, extract: str) -> str:
        """SQL condition: which rows of an extract's raw Parquet are read."""
        forces = sorted(f for x, f in self.whole if x == extract)
        parts = [f"_force_code in ({_listed(forces)})"] if forces else []
        for (x, force), months in sorted(self.months.items()):
            if x == extract and (x, force) not in self.whole:
                parts.append(f"(_force_code in ({_listed([force])}) and substr(_date, 1, 7) in ({_listed(sorted(months))}))")
        return " or ".join(parts) or "false"

    def by_month(self) -> list[tuple[str, str, int]]:
        """Extract, force and month (months since year 0) of single months to build again."""
        return [
            (x, f, int(m[:4]) * 12 + int(m[5:]) - 1)
            for (x, f), months in sorted(self.months.items()) if (x, f) not in self.whole
            for m in sorted(months)
        ]  # fmt: skip

    def of_figures(self) -> list[tuple[str, str, int]]:
        """Extract, force and month (0: all) from which on figures may change."""
        places = {*self.by_month(), *((x, force, 0) for x, force in self.whole)}
        return sorted(places - self.erased)


def loads_of(home: Home) -> dict[str, list[str]]:
    """What each extract's figures are made from: its accepted loads, which of them have erased rows, and how many rows later
    files withheld from them.
    """
    entries, as_totals = read_ledger(home), loads_as_totals(home)
    result: dict[str, list[str]] = {}
    for entry in accepted(entries):
        result.setdefault(str(entry.extract), []).append(f"{entry.load_id} {entry.extracted_at}")
        if entry.load_id in as_totals:
            result[str(entry.extract)].append(f"{entry.load_id} {ERASED}")
    for entry in entries:
        for load, n in entry.withheld.items():
            result.setdefault(str(entry.extract), []).append(f"{load} {n}")
    return {x: sorted(loads) for x, loads in result.items()}


def find_months_to_rebuild(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    contracts: Mapping[str, Contract],
    before: Mapping[str, list[str]],
    shown: Collection[str],
) -> MonthsToRebuild:
    """What to build again, if the last night's figures were made from `before` (of `loads_of`).

    `shown`: loads with rows that can count. All rows of the others are superseded or erased.
    """
    to_rebuild, entries = MonthsToRebuild(), {str(e.load_id): e for e in accepted(read_ledger(home))}
    erased: list[tuple[Contract, LedgerEntry]] = []
    for extract, tonight in loads_of(home).items():
        was, contract = set(before.get(extract, ())), contracts.get(extract)
        known = {entry.split(" ")[0] for entry in was}
        for load, what in sorted({tuple(entry.split(" ", 1)) for entry in set(tonight) - was}):
            load_entry = entries.get(load)
            if load_entry is None or contract is None:
                # Withheld from a load that does not count.
                continue
            if what == ERASED:
                erased.append((contract, load_entry))
            elif load in known or contract.looks_back or contract.kind not in MONTHLY:
                to_rebuild.whole.add((extract, str(load_entry.force_code)))
            else:
                same_place = [x for x in entries.values() if (x.extract, x.force_code) == (extract, load_entry.force_code)]
                touched = to_rebuild.months.setdefault((extract, str(load_entry.force_code)), set())
                touched.update(_months_touched(con, home, contract, load_entry, same_place, shown))
    changed = to_rebuild.of_figures()
    for contract, entry in erased:
        if contract.kind in MONTHLY:
            same_place = [x for x in entries.values() if (x.extract, x.force_code) == (entry.extract, entry.force_code)]
            paths = [load_of(x).raw(home) for x in same_place if x.load_id in shown and x.has_rows]
            months = to_rebuild.months.setdefault((str(entry.extract), str(entry.force_code)), set())
            months.update(_months(entry), _months_of_superseded(con, entry, paths))
        else:
            to_rebuild.whole.add((str(entry.extract), str(entry.force_code)))
    to_rebuild.erased.update(set(to_rebuild.of_figures()) - set(changed))
    return to_rebuild


def _months_touched(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    contract: Contract,
    load: LedgerEntry,
    other_loads: Iterable[LedgerEntry],
    shown: Collection[str],
) -> set[str]:
    """The months of a new load's window, and of earlier rows with one of its keys."""
    touched = _months(load)
    if contract.key and load.form == "canonical":
        paths = [load_of(e).raw(home) for e in other_loads if e.load_id in shown and e.has_rows]
        if load.load_id in shown and load.has_rows and len(paths) > 1:
            touched |= {
                month for (month,) in con.execute(
                    f"select distinct substr(_date, 1, 7) from {parquet_of(*paths)}"
                    f" where {has_key_of(con, parquet_of(load_of(load).raw(home)))}"
                ).fetchall()
            }  # fmt: skip
    return touched


def has_key_of(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """SQL condition: whether a row's `_key` is one of those of `rows`, which stands after `from`.

    It names the first and the last key, too: keys mostly rise with time, and parts of a file between other keys are not read.
    """
    first, last = one_row(con, f"select min(_key), max(_key) from {rows}")
    if first is None:
        return "false"
    return f"_key between {literal(first)} and {literal(last)} and _key in (select _key from {rows})"


def _months_of_superseded(con: duckdb.DuckDBPyConnection, entry: LedgerEntry, paths: list[Path]) -> set[str]:
    """The months of rows that an erased load had superseded: they are counted again without it."""
    superseded = "select load_id, line from raw.kept_superseded where by_load_id = ?"
    if not paths or con.execute(f"select count(*) from ({superseded})", [entry.load_id]).fetchone() == (0,):
        return set()
    rows = con.execute(
        f"select distinct substr(_date, 1, 7) from {parquet_of(*paths)} where (_load_id, _line) in ({superseded})",
        [entry.load_id],
    ).fetchall()
    return {month for (month,) in rows}


def paths_of(home: Home, entries: Iterable[LedgerEntry], erased: Collection[str]) -> list[Path]:
    """Raw Parquet files of the loads that have rows."""
    return [load_of(e).raw(home) for e in entries if e.has_rows and e.load_id not in erased]


def _months(entry: LedgerEntry) -> set[str]:
    """The months that a load's window touches, as raw dates have them, such as 2025-03."""
    first, last = (d.year * 12 + d.month - 1 for d in entry.window)
    return {f"{date(n // 12, n % 12 + 1, 1):%Y-%m}" for n in range(first, last + 1)}


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts))
