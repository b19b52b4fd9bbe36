"""The fields of a file, what their cells hold, counted in SQL over all rows, and columns that can be made from several: a time
from a date and an hour, a list, an offence code."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import duckdb

from dagster_project.contracts import Column, plain_header
from dagster_project.core.sql import one_row

from .dates import CLOCK_CELL, TIME_CELL, DateForm, date_form
from .header_words import numbered, words
from .tables import ROWS

MAX_CODES = 60
"""The most distinct values of a column of codes."""


@dataclass(frozen=True)
class Basics:
    """Counts of a column's cells."""

    filled: int
    distinct: int
    times: int
    hours: int
    """Cells with a time of day other than midnight, a date before it or not."""
    clocks: int
    money: int
    whole: int
    longest: int
    class_codes: int
    small_numbers: int
    pounds: int


class Profile:
    """The profile of one field, or of several joined. `text`: SQL over `draft_rows`. Each count is cached."""

    def __init__(self, con: duckdb.DuckDBPyConnection, text: str, header: str, rows: int) -> None:
        self.con, self.text, self.header, self.rows = con, text, header, rows

    @cached_property
    def basics(self) -> Basics:
        """Counts of all cells."""
        text = self.text
        counts = one_row(
            self.con,
            f"""
            select count({text}), count(distinct {text}), count(*) filter (where regexp_matches({text}, '{TIME_CELL}')),
                count(*) filter (where regexp_matches({text}, '\\d:\\d\\d') and not regexp_matches({text}, '\\b0?0:00(:00)?$')),
                count(*) filter (where regexp_matches({text}, '{CLOCK_CELL}')), count(pam_money({text})),
                count(pam_whole({text})), coalesce(max(len({text})), 0),
                count(*) filter (where regexp_matches({text}, '^\\d{{1,3}}[A-Z]?$')),
                count(*) filter (where regexp_matches({text}, '^\\d{{1,2}}$')),
                count(*) filter (where regexp_matches({text}, '^\\(?-?£|^\\d{{1,3}}(,\\d{{3}})+(\\.\\d\\d)?$|\\d\\.\\d\\d$'))
            from {ROWS}
            """,
        )
        return Basics(*counts)

    def share(self, n: int) -> float:
        """`n` as a share of the cells with text."""
        return n / self.basics.filled if self.basics.filled else 0.0

    @cached_property
    def dates(self) -> DateForm:
        """How its dates are written, if it has any."""
        return date_form(self.con, self.text)

    @property
    def is_date(self) -> bool:
        """Whether nearly all cells are dates."""
        return self.dates.share >= 0.9

    @property
    def is_time(self) -> bool:
        """Whether nearly all cells are times of day. Four digits are a time only if the header says so."""
        says_time = not {"time", "hour"}.isdisjoint(words(self.header))
        return self.share(self.basics.times) >= 0.95 or (says_time and self.share(self.basics.clocks) >= 0.95)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a different value."""
        return self.basics.filled > 0 and self.basics.filled == self.basics.distinct == self.rows

    @cached_property
    def codes(self) -> list[tuple[str, int]]:
        """Its values and their rows, most frequent first, ignoring case; empty if there are too many to be codes."""
        if self.basics.distinct > 4 * MAX_CODES:
            return []
        return self.con.execute(
            f"select any_value({self.text}), count(*) from {ROWS} where {self.text} is not null"
            f" group by lower({self.text}) order by 2 desc, 1"
        ).fetchall()

    def items(self, separator: str) -> list[tuple[str, int]]:
        """The items of a list column and their rows, most frequent first; 500 at most."""
        return self.con.execute(
            f"select any_value(i), count(distinct line) from (select line, trim(unnest(string_split({self.text}, ?))) as i"
            f" from {ROWS}) where i <> '' group by lower(i) order by 2 desc, 1 limit 500",
            [separator],
        ).fetchall()

    def share_of(self, known: Collection[str]) -> float:
        """The share of cells whose value is one of `known` (lower case)."""
        if not known:
            return 0.0
        n = one_row(self.con, f"select count(*) from {ROWS} where list_contains(?, lower({self.text}))", [list(known)])
        return self.share(n[0])


@dataclass(frozen=True)
class ColumnSource:
    """Where a column's text comes from: one header, or several that are joined or listed. `indexes`: fields from 0."""

    indexes: tuple[int, ...]
    headers: tuple[str, ...]
    profile: Profile
    how: str = "one"
    between: str = ""
    doubt: str = ""


class Fields:
    """The file's fields, and columns that can be made from several of them, for any contract."""

    def __init__(self, con: duckdb.DuckDBPyConnection, headers: tuple[str, ...], rows: int) -> None:
        self.con, self.headers, self.rows = con, headers, rows
        plain = [plain_header(h) for h in headers]
        self.repeated = {headers[n] for n, h in enumerate(plain) if h and plain.count(h) > 1}
        self.singles = [
            ColumnSource((n,), (h,), Profile(con, f"c{n}", h, rows)) for n, h in enumerate(headers)
            if plain[n] and h not in self.repeated
        ]  # fmt: skip
        self.joins = self._dates_with_times()
        self.lists = self._lists()
        self.offences = self._offences()

    def _joined(self, parts: tuple[ColumnSource, ...], how: str, between: str, doubt: str = "") -> ColumnSource:
        indexes = tuple(i for p in parts for i in p.indexes)
        headers = tuple(h for p in parts for h in p.headers)
        text = f"nullif(concat_ws('{between}', {', '.join(f'c{i}' for i in indexes)}), '')"
        return ColumnSource(indexes, headers, Profile(self.con, text, " ".join(headers), self.rows), how, between, doubt)

    def _dates_with_times(self) -> list[ColumnSource]:
        """A day and a time of day that belong together: `Opened Date` and `Opened Time`, or neighbours."""
        days = [s for s in self.singles if s.profile.is_date and not (s.profile.dates.has_time and s.profile.basics.hours)]
        joins = []
        for time in (s for s in self.singles if s.profile.is_time):
            stem = stem_of(time.headers[0])
            same_stem = [d for d in days if stem_of(d.headers[0]) == stem and stem]
            neighbours = [d for d in days if d.indexes[0] == time.indexes[0] - 1]
            earlier = [d for d in days if d.indexes[0] < time.indexes[0]]
            day = next(iter(same_stem or neighbours or earlier[-1:] or days[:1]), None)
            if day is not None:
                sure = same_stem or (neighbours and not (stem and stem_of(day.headers[0])))
                doubt = "" if sure else f"'{time.headers[0]}' is taken for the time of '{day.headers[0]}'"
                joins.append(self._joined((day, time), "join", " ", doubt))
        return joins

    def _lists(self) -> list[ColumnSource]:
        """Numbered headers: `Qualifier 1`, `Qualifier 2`."""
        groups: dict[str, list[tuple[int, ColumnSource]]] = {}
        for source in self.singles:
            if name_and_number := numbered(source.headers[0]):
                groups.setdefault(name_and_number[0], []).append((name_and_number[1], source))
        return [
            self._joined(tuple(s for _, s in sorted(g, key=lambda item: item[0])), "list", ";")
            for g in groups.values() if len(g) > 1
        ]  # fmt: skip

    def _offences(self) -> list[ColumnSource]:
        """The Home Office's class and subclass in separate fields: `92D` and `1`."""
        codes: list[ColumnSource] = []
        for source in self.singles:
            cells, header_words = source.profile.basics, set(words(source.headers[0]))
            if "sub" in header_words or not header_words & {"class", "code"} or source.profile.share(cells.class_codes) < 0.9:
                continue
            subs = [
                s for s in self.singles
                if "sub" in words(s.headers[0]) and s.profile.share(s.profile.basics.small_numbers) >= 0.9
            ]  # fmt: skip
            codes += [self._joined((source, sub), "join", "/") for sub in subs[:1]]
        return codes

    def sources(self, column: Column) -> list[ColumnSource]:
        """Everything that could be a column's source."""
        if column.type == "timestamp":
            return [*self.singles, *self.joins]
        if column.type == "list":
            grouped = {i for s in self.lists for i in s.indexes}
            return [*(s for s in self.singles if not grouped & set(s.indexes)), *self.lists]
        return [*self.singles, *(self.offences if column.name == "offence_code" else [])]


def stem_of(header: str) -> tuple[str, ...]:
    """A header's words without `date`, `time`, `day` and `hour`."""
    return tuple(w for w in words(header) if w not in ("date", "time", "day", "hour"))
