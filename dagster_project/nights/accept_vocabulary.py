"""Adds values of classifying columns to the home's list of known ones, and releases files that were held for them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from dagster_project import audit
from dagster_project.contracts import Contract, load_contracts
from dagster_project.core import home_lists
from dagster_project.core.config import FileLimits, read_config
from dagster_project.core.errors import PamError
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.home_lists import LONGEST_VALUE, OWN_LISTS, HomeListError, fault_of_text, read_own_list
from dagster_project.core.memory import memory_settings
from dagster_project.core.night_lock import locked
from dagster_project.core.printable import visible
from dagster_project.core.similar_names import suggestion
from dagster_project.landing import LedgerEntry, release_load
from dagster_project.landing.doubts.implausible_files import quarantined_too_much
from dagster_project.landing.release_held import held_files
from dagster_project.landing.rows.duckdb_connection import connect
from dagster_project.landing.same_time_conflicts import count_conflicts
from dagster_project.landing.storage.earlier_decisions import Clock, Decisions, utc_microseconds
from dagster_project.landing.storage.ledger import CONFLICT_KIND, commit, read_ledger
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.landing.storage.vocabulary import HELD_FOR, check_vocabulary, classifying


class VocabularyError(PamError, ValueError):
    """A value or column that can't be added. The message says what can."""


def counts_towards(extract: str, column: str) -> tuple[str, ...]:
    """What a value of a column can count as. Raises VocabularyError if the column is not a classifying one."""
    contracts = load_contracts()
    if extract not in contracts:
        nearest = suggestion(extract, contracts)
        raise VocabularyError(f"no extract is called {extract}{nearest} (there are {', '.join(sorted(contracts))})")
    columns = classifying(contracts[extract])
    if column not in columns:
        listed = f": it has one for {', '.join(columns)}" if columns else ""
        raise VocabularyError(f"{extract} has no list for {column}{suggestion(column, columns)}{listed}")
    return home_lists.counts_towards(extract, column)


def accept_value(home: Home, extract: str, column: str, values: Sequence[str], counts_as: str, *, by: str) -> None:
    """Add values to the home's own list, on record. The next night lands the held files that may land now.

    Takes the home's lock. Raises VocabularyError, HomeListError for a list that can't be read, NightUnderWayError, OSError.
    """
    allowed = counts_towards(extract, column)
    chosen = next((a for a in allowed if a.lower() == counts_as.strip().lower()), None)
    if chosen is None:
        raise VocabularyError(f"a value of {extract}.{column} counts as {' or '.join(allowed)}, not {counts_as!r}")
    # As the list is read: with an invisible character, a value would be in it twice.
    values = [visible(v).strip() for v in values]
    if blank := values.count(""):
        raise VocabularyError(f"{blank} of the values are blank")
    # A value that the list can't hold would stop every night from then on.
    for fault in filter(None, (fault_of_text(v, LONGEST_VALUE) for v in values)):
        raise VocabularyError(f"a value {fault}")
    with locked(home):
        path = home.seeds / "vocabulary.csv"
        new_rows = {v.lower(): (extract, column, v, chosen) for v in values}
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(_changed_list(path, extract, column, new_rows))
        audit.record(
            home, "alteration", what="vocabulary", by=by, extract=extract, column=column,
            values=sorted(v for _, _, v, _ in new_rows.values()), counts_as=chosen,
        )  # fmt: skip
        write_whole(path, out.getvalue().encode("utf-8"))


def _changed_list(path: Path, extract: str, column: str, new_rows: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """The rows of the list, its header first, with new ones in place of those of the same value. Further columns, such as
    notes, stay. `new_rows`: value in lower case -> extract, column, value, meaning. Raises HomeListError."""
    columns = OWN_LISTS["vocabulary"]
    read_own_list(path)
    if not path.exists():
        return [list(columns), *map(list, new_rows.values())]
    text = visible(path.read_text(encoding="utf-8-sig"))
    header, *rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    header = [name.strip() for name in header]
    places = [header.index(name) for name in columns]

    def is_replaced(row: list[str]) -> bool:
        own_extract, own_column, value, _ = (row[place].strip() for place in places)
        return (own_extract, own_column) == (extract, column) and value.lower() in new_rows

    kept_rows = [row for row in rows if any(map(str.strip, row)) and not is_replaced(row)]
    values = [dict(zip(columns, row, strict=True)) for row in new_rows.values()]
    return [header, *kept_rows, *([row.get(name, "") for name in header] for row in values)]


def release_known(home: Home, contracts: dict[str, Contract], night_id: str) -> None:
    """Release the files that were held only for unknown values and may land now; one that most rows of an accepted file of its
    time contradict, or it most of theirs, is held for that instead. The caller has the home's lock. Raises ConfigError.
    """
    held_entries = [e for e in held_files(home) if e.held_for == HELD_FOR and e.extract in contracts]
    # Rows that were erased at their retention limit can't be looked at, and land no more.
    held_entries = [e for e in held_entries if load_of(e).raw(home).exists()]
    limits = read_config(home).believe
    for entry in held_entries:
        contract = contracts[str(entry.extract)]
        with connect(memory_settings(home), has_identifiers=False) as con:
            words = check_vocabulary(con, home, load_of(entry), contract, entry.lacks, entry.rows_in_file or 0, limits)
            may_land = words.hold_reason is None and _are_own_lists_readable(home)
            conflict = _most_in_conflict(con, home, contract, entry, limits) if may_land else None
        if conflict:
            at = utc_microseconds(Clock(None, Decisions(read_ledger(home)).latest).tick())
            changes = {"night_id": night_id, "landed_at": at, "reason": conflict, "held_for": None}
            commit(home, night_id, str(entry.extract), [entry.model_copy(update=changes)])
        elif may_land:
            why = "its values are known now"
            release_load(home, contracts, str(entry.load_id), night_id, by="pam vocabulary", why=why, unknown=words)


def _most_in_conflict(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, held: LedgerEntry, limits: FileLimits
) -> str | None:
    """Why a held file must not land: it, or an accepted file of its time, would lose most of its rows to the conflicts between
    them. None where none would. The accepted file stays, as it counts already and a person knows its figures; of two new files
    landing holds both."""
    decisions = Decisions(read_ledger(home))
    conflicting_loads = decisions.conflicting_loads(held) if contract.key else []
    conflicts, totals = count_conflicts(con, home, contract, load_of(held), conflicting_loads), decisions.counts()
    for entry in (held, *conflicting_loads):
        n_tied, counts = conflicts.get(str(entry.load_id), 0), totals[str(entry.load_id)]
        reason = quarantined_too_much(
            counts.rows_in_file, counts.rows_quarantined + n_tied, {CONFLICT_KIND: n_tied}, limits,
            f"Of the same time: {', '.join(o.source_file for o in conflicting_loads)}. Drop the one that counts again under"
            " a newer time, or release it",
        )  # fmt: skip
        if n_tied and reason:
            return reason
    return None


def _are_own_lists_readable(home: Home) -> bool:
    """Whether the home's own lists can be read. If not, the night fails later, and says what is wrong with them."""
    try:
        for name in OWN_LISTS:
            read_own_list(home.seeds / f"{name}.csv")
    except HomeListError:
        return False
    return True
