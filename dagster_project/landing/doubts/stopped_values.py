"""Notes what has stopped in files that come often, such as one for each night: a usual value, all values but one, or most
rows. One such file is too short to say so. It is read together with those of the days before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from math import exp, lgamma, log

from dagster_project.contracts import Column
from dagster_project.core.home_lists import classifying_columns
from dagster_project.core.plurals import counted, list_first
from dagster_project.core.sql import literal

from ..refusal import printable
from ..storage.ledger import LedgerEntry
from ..storage.raw_store import load_of
from ..storage.vocabulary import known_values, look_up
from .category_doubts import unit_names
from .file_doubts import BLANK, FLAGS, KNOWN_VALUES
from .stored_rows import StoredRows

CHANCE = 1e-6
"""What is noted would happen by chance in less than one of a million files."""
MIN_FILES, MAX_FILES = 8, 60
"""Earlier files that are read: of nightly ones more than a week, as weekends differ."""
MIN_ROWS, ENOUGH_ROWS, MAX_ROWS = 50, 1_000, 20_000
"""Rows of these files that say what is usual, after which no more files are read, and above which each file is long enough to
be judged by itself."""
STOPPED_ROWS, FILE_ROWS = 10, 20
"""Fewer rows without a value may be one person's, and fewer of a single file those of one operation."""
VALUE_ROWS = 10
"""Of a value that fewer rows have, nobody can say soon that it has stopped."""
YEAR_DAYS, YEAR_FILES = 400, 20
"""The days, with holidays among them, whose files say how many rows there may be, and how many of these files are enough."""
UNLIKE_HALF = 0.1
"""Two values that are about as frequent may take turns."""
SHOWN = 3
AMOUNTS = ("money", "whole")
_STOPPED = "{}: stopped"
"""What is remembered as said of a column."""
ABOVE = "above"
"""Stands for an amount above half of all amounts, and the empty text for another one."""


@dataclass(frozen=True)
class _Stop:
    """Something that the last files lack, and those before them had."""

    first: date
    """The first day of these files."""
    rows: int
    share: float
    """The share of rows before it that had it."""

    def __str__(self) -> str:
        return f"{self.rows:,} rows from {self.first} on"


def stopped_values(rows: StoredRows, entries: Iterable[LedgerEntry], notes: Iterable[str]) -> Iterator[str]:
    """Notes what has stopped with a file, a sentence for each. `entries`: the accepted loads of its extract and force. `notes`:
    what was found before. Columns that these begin with are not noted again."""
    if rows.file_table.contract.kind != "events" or rows.file_table.form != "canonical":
        return
    earlier = list(_earlier_files(rows, entries))
    yield from _other_number_of_rows(rows, earlier)
    stored = (e for e in earlier if e.rows_landed and load_of(e).raw(rows.home).exists())
    usual, total = list[LedgerEntry](), 0
    for entry in islice(stored, MAX_FILES):
        if len(usual) >= MIN_FILES and total >= ENOUGH_ROWS:
            break
        usual.append(entry)
        total += entry.rows_landed or 0
    if not rows.n or len(usual) < MIN_FILES or total < MIN_ROWS or total + rows.n > MAX_ROWS:
        return
    if columns := [c for c in rows.of_contract if _may_stop(rows, c)]:
        noted = {note.split(": ")[0] for note in notes}
        yield from _Files(rows, usual[::-1], columns).notes(noted)


def _earlier_files(rows: StoredRows, entries: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    """Files of earlier days, of about as many days, the newest first. Of files that share days, one: they share rows."""
    file_table = rows.file_table
    days, before = (file_table.covered_to - file_table.covered_from).days + 1, file_table.covered_from
    for entry in sorted(entries, key=lambda e: (e.window[1], str(e.extracted_at)), reverse=True):
        first, last = entry.window
        n = (last - first).days + 1
        if entry.form == file_table.form and last < before and max(n, days) <= max(7, 2 * min(n, days)):
            yield entry
            before = first


def _other_number_of_rows(rows: StoredRows, earlier: Iterable[LedgerEntry]) -> Iterator[str]:
    """Notes a file of less than half as many rows as any other of a year has, or more than twice as many, for as many days."""
    file_table = rows.file_table
    days = (file_table.covered_to - file_table.covered_from).days + 1
    year = [e for e in earlier if e.window[0] > file_table.covered_from - timedelta(YEAR_DAYS)]
    if len(year) < YEAR_FILES:
        return
    by_days = [days * (e.rows_landed or 0) / ((e.window[1] - e.window[0]).days + 1) for e in year]
    fewest, most, mean = min(by_days), max(by_days), sum(by_days) / len(by_days)
    question = None
    if 2 * rows.n < fewest and _chance_of_fewer(rows.n + 1, mean) < CHANCE:
        question = "was it cut short, or a filter left on?"
    elif rows.n > 2 * most > 0 and 1 - _chance_of_fewer(rows.n, mean) < CHANCE:
        question = "are some of another force, or the same under other references?"
    if question:
        usual = f"{fewest:,.0f} to {most:,.0f}" if round(fewest) < round(most) else f"{most:,.0f}"
        n = counted(rows.n, "row") if rows.n else "no row"
        yield f"{n}, where each of the {len(year):,} files before it has {usual} for {counted(days, 'day')}: {question}"


def _chance_of_fewer(n: int, mean: float) -> float:
    """The chance of fewer than `n` rows where there are `mean` on average, and each comes by itself (Poisson)."""
    return sum(exp(i * log(mean) - mean - lgamma(i + 1)) for i in range(n))


def _may_stop(rows: StoredRows, column: Column) -> bool:
    """Whether a column has values that come again, unlike a reference, a person or a day."""
    comes_again = column.type in ("choice", "text", "unit", "list", *AMOUNTS)
    return comes_again and not column.identifier and column.name not in rows.file_table.key


class _Files:
    """How many rows of files have each value: the oldest first, the one that lands last."""

    def __init__(self, rows: StoredRows, earlier: list[LedgerEntry], columns: list[Column]) -> None:
        self._rows, self._columns = rows, columns
        self._first_days = [*(e.window[0] for e in earlier), rows.file_table.covered_from]
        self._paths = [str(load.raw(rows.home)) for load in (*map(load_of, earlier), rows.load)]
        self._n = [0] * len(self._paths)
        self._by_value = defaultdict[str, defaultdict[str | None, list[int]]](lambda: defaultdict(lambda: [0] * len(self._n)))
        self._count()

    def _count(self) -> None:
        parts = ["select filename, '' as name, null as value, count(*) as n from stored group by 1"]
        parts += [
            f"select filename, '{c.name}', {_value(c)}, count(*) from stored {_items(c)} group by all" for c in self._columns
        ]
        counts = self._rows.con.execute(
            f"""
            with stored as materialized (
                -- A version of the project before this one may have stored fewer columns.
                from read_parquet([{", ".join(map(literal, self._paths))}], union_by_name = true, filename = true)
            )
            from ({" union all ".join(parts)}) qualify sum(n) over (partition by name, value) >= {VALUE_ROWS}
            """
        ).fetchall()
        numbers = {path: i for i, path in enumerate(self._paths)}
        units = {c.name for c in self._columns if c.type == "unit"}
        names = unit_names(self._rows.home, self._rows.load.force_code)
        for path, name, value, n in counts:
            if name:
                shown = names.get(value.lower(), value) if name in units and value else value
                self._by_value[name][shown][numbers[path]] += n
            else:
                self._n[numbers[path]] = n

    def notes(self, noted: Collection[str]) -> Iterator[str]:
        """What has stopped, a sentence for each column. It is remembered, and not said again of these days. `noted`: columns of
        which another note was given."""
        for c in self._columns:
            found = self._blank(c) or self._only_value(c) or self._gone_values(c) or self._none_counts(c) or self._exchanged(c)
            if found:
                about, stop, note = found
                self._rows.said.say(about.format(c.name), stop.first, self._rows.file_table.covered_to)
                if c.name not in noted:
                    yield f"{c.name}: {note}"

    def _blank(self, column: Column) -> tuple[str, _Stop, str] | None:
        """A note on a column without a value in all of the last rows."""
        stop = self._stop(column, self._others(self._by_value[column.name][None]))
        if stop is None:
            return None
        return BLANK, stop, f"blank in all {stop}, where {stop.share:.0%} had a value before: {KNOWN_VALUES}"

    def _only_value(self, column: Column) -> tuple[str, _Stop, str] | None:
        """A note on a column with one value in all of the last rows."""
        for value, with_it in self._by_value[column.name].items() if column.type not in AMOUNTS else ():
            if value is not None and (stop := self._stop(column, self._others(with_it))):
                was = f"where {stop.share:.0%} were without it before"
                return _STOPPED, stop, f"{_shown(value)} in all {stop}, {was}: is it a default, or are others left out?"
        return None

    def _others(self, with_it: list[int]) -> list[int]:
        """The rows of each file that do not have a value."""
        return [n - n_with for n, n_with in zip(self._n, with_it, strict=True)]

    def _gone_values(self, column: Column) -> tuple[str, _Stop, str] | None:
        """A note on values that none of the last rows has."""
        stops = {
            v: stop
            for v, with_it in self._by_value[column.name].items()
            if v is not None and (stop := self._stop(column, with_it))
        }
        if not stops:
            return None
        by_share = sorted(stops.items(), key=lambda s: -s[1].share)
        value, stop = by_share[0]
        if column.type in AMOUNTS:
            now = "none is above" if value == ABOVE else "all are above"
            return _STOPPED, stop, f"{now} what half were before, in {stop}: is it in pence, or in thousands?"
        gone = list_first([f"{_shown(v)} (in {s.share:.0%} before)" for v, s in by_share], SHOWN)
        return _STOPPED, stop, f"no {gone} in {stop}: are such rows left out, or has it another name?"

    def _none_counts(self, column: Column) -> tuple[str, _Stop, str] | None:
        """A note on a column by which none of the last rows counts."""
        load = self._rows.load
        if column.name not in classifying_columns(load.extract):
            return None
        known = known_values(self._rows.home, load.force_code, load.extract, column.name) or {}
        counting = [with_it for v, with_it in self._by_value[column.name].items() if v and look_up(v, known, column.name)]
        # A row with two items that count is counted once.
        stop = self._stop(column, [min(n, sum(by_value)) for n, *by_value in zip(self._n, *counting, strict=True)])
        if stop is None:
            return None
        question = "are such rows left out, or have its codes changed?"
        return _STOPPED, stop, f"no row counts by it in {stop}, where {stop.share:.0%} did before: {question}"

    def _exchanged(self, column: Column) -> tuple[str, _Stop, str] | None:
        """A note on a column of two values of which most of the last rows have the one that few had."""
        if set(column.values) not in FLAGS:
            return None
        one, other = column.values
        counts, found, least = [self._by_value[column.name][value] for value in (one, other)], None, log(CHANCE)
        for end in range(MIN_FILES, len(self._n)):
            (n_one, n_other), (now_one, now_other) = ([sum(n[part]) for n in counts] for part in (slice(end), slice(end, None)))
            n, rows = n_one + n_other, now_one + now_other
            if min(n, rows) < FILE_ROWS:
                continue
            share, now, share_of_all = n_one / n, now_one / rows, (n_one + now_one) / (n + rows)
            is_exchanged = abs(share - 0.5) >= UNLIKE_HALF and (share - 0.5) * (now - 0.5) < 0
            chance = _log_chance_of_share(share, share_of_all, n) + _log_chance_of_share(now, share_of_all, rows)
            if is_exchanged and chance < least:
                least, first = chance, self._first_days[end]
                note = f"'{one}' in {now:.0%} of {rows:,} rows from {first} on, and in {share:.0%} of those before"
                found = _STOPPED, _Stop(first, rows, share), f"{note}: are {one} and {other} exchanged?"
        return found if found and self._is_new(column, found[1].first) else None

    def _stop(self, column: Column, with_it: list[int]) -> _Stop | None:
        """Where the last files lack something of a column, if that is no chance and nothing was said of it and these days.
        `with_it`: the rows of each file that have it."""
        end = max((i + 1 for i, n in enumerate(with_it) if n), default=0)
        before, after, n_with = sum(self._n[:end]), sum(self._n[end:]), sum(with_it)
        fewest = STOPPED_ROWS if end < len(self._n) - 1 else FILE_ROWS
        is_usual = after < max(fewest, 2 * self._longest_without(with_it[:end]))
        if is_usual or _log_chance(before, after, n_with) > log(CHANCE):
            return None
        first = self._first_days[end]
        return _Stop(first, after, n_with / before) if self._is_new(column, first) else None

    def _is_new(self, column: Column, first: date) -> bool:
        """Whether nothing was said of a column and any day from `first` on."""
        last = self._rows.file_table.covered_to
        said = [days for about in (_STOPPED, BLANK) for days in self._rows.said.days(about.format(column.name))]
        return not any(a <= last and first <= b for a, b in said)

    def _longest_without(self, with_it: list[int]) -> int:
        """The most rows of files in a row that have no such row."""
        longest = run = 0
        for n, n_with in zip(self._n, with_it, strict=False):
            run = 0 if n_with else run + n
            longest = max(longest, run)
        return longest


def _log_chance(before: int, after: int, n_with: int) -> float:
    """The logarithm of the chance that of rows in any order none of the last `after` is one of `n_with`."""
    return lgamma(before + 1) - lgamma(before - n_with + 1) - lgamma(before + after + 1) + lgamma(before + after - n_with + 1)


def _log_chance_of_share(share_now: float, share: float, rows: int) -> float:
    """The logarithm of at most the chance that so many rows have a value as often as `share_now`, where it is in `share` of all
    (Chernoff's bound)."""
    parts = ((share_now, share), (1 - share_now, 1 - share))
    return -rows * sum(now * log(now / usual) for now, usual in parts if now)


def _shown(value: str) -> str:
    return f"'{printable(value[:40])}'"


def _value(column: Column) -> str:
    """SQL for what is looked at of a row's value."""
    if column.type in AMOUNTS:
        amount = f"cast({column.name} as double)"
        return (
            f"case when {amount} > (select median({amount}) from stored) then '{ABOVE}' when {amount} is not null then '' end"
        )
    return "item" if column.type == "list" else f"cast({column.name} as varchar)"


def _items(column: Column) -> str:
    """SQL that adds a list's items, each as a row."""
    if column.type != "list":
        return ""
    items = f"list_distinct(list_transform(string_split({column.name}, ';'), lambda x: trim(x)))"
    return f"left join unnest({items}) as _(item) on true"
