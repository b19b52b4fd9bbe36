"""Finds unknown values of classifying columns in the ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from dagster_project.core.home import Home

from . import LedgerEntry, read_ledger
from .vocabulary import CODE, accept_line, known_values, likely_meaning


@dataclass(frozen=True)
class UnknownValue:
    """A value that is on no list, in one force's extract. `rows`: in the newest file of each window."""

    force_code: str
    extract: str
    column_name: str
    value: str
    rows: int
    first_night: str
    last_night: str


def unknown_values(home: Home, entries: Sequence[LedgerEntry] | None = None) -> list[UnknownValue]:
    """Every value of an accepted or held file that is on no list today, by force, extract, column and rows.

    `entries`: the ledger's, where it was read already.
    """
    loads = {e.load_id: e for e in entries or read_ledger(home) if e.outcome in ("accepted", "held") and e.unknown_values}
    rows_by_window: dict[tuple[str, str, str, str], dict[tuple[date | None, date | None], int]] = defaultdict(dict)
    nights: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for e in loads.values():
        for column, values in e.unknown_values.items():
            for value, rows in values.items():
                place = (str(e.force_code), str(e.extract), column, value)
                # The newest file of a window counts.
                rows_by_window[place][e.covered_from, e.covered_to] = rows
                nights[place].append(e.night_id)
    known = cache(lambda *place: known_values(home, *place))
    unknown = []
    for place, by_window in rows_by_window.items():
        force, extract, column, value = place
        word = value.lower()
        group = word.split("/")[0].strip() if column == CODE else word
        words = known(force, extract, column)
        # None: nothing is asked of it any more, as of units where the force has no list of areas.
        if words is not None and not {word, group} & words.keys():
            unknown.append(UnknownValue(*place, sum(by_window.values()), min(nights[place]), max(nights[place])))
    return sorted(unknown, key=lambda u: (u.force_code, u.extract, u.column_name, -u.rows, u.value))


def lines_to_paste(unknown: Sequence[UnknownValue]) -> list[str]:
    """A line for each extract, column and likely meaning: how much is unknown, and the command that adds it to the list."""
    places: dict[tuple[str, str, str], dict[str, int]] = {}
    for u in unknown:
        values = places.setdefault((u.extract, u.column_name, likely_meaning(u.column_name, u.value)), {})
        values[u.value] = values.get(u.value, 0) + u.rows
    return [
        f"{extract}.{column}: {len(values)} unknown, in {sum(values.values())} rows; check what they count as:"
        f" {accept_line(extract, column, values, meaning)}"
        for (extract, column, meaning), values in places.items()
    ]
