"""Counts what a column's cells hold, in SQL over all rows: dates, times, amounts, codes, units, references."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import duckdb

from dagster_project.core.sql import one_row

from .dates import CLOCK_CELL, TIME_CELL, DateForm, date_form
from .header_words import words
from .tables import ROWS

MOST_CODES = 60
"""The most distinct values of a column of codes."""


@dataclass(frozen=True)
class Basics:
    """Counts of a column's cells."""

    filled: int
    distinct: int
    times: int
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
        t = self.text
        counts = one_row(self.con.execute(
            f"""
            select count({t}), count(distinct {t}), count(*) filter (where regexp_matches({t}, '{TIME_CELL}')),
                count(*) filter (where regexp_matches({t}, '{CLOCK_CELL}')), count(pam_money({t})), count(pam_whole({t})),
                coalesce(max(len({t})), 0), count(*) filter (where regexp_matches({t}, '^\\d{{1,3}}[A-Z]?$')),
                count(*) filter (where regexp_matches({t}, '^\\d{{1,2}}$')),
                count(*) filter (where regexp_matches({t}, '^\\(?-?£|^\\d{{1,3}}(,\\d{{3}})+(\\.\\d\\d)?$|\\d\\.\\d\\d$'))
            from {ROWS}
            """
        ))
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
        if self.basics.distinct > 4 * MOST_CODES:
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
        n = one_row(self.con.execute(
            f"select count(*) from {ROWS} where list_contains(?, lower({self.text}))", [list(known)]
        ))
        return self.share(n[0])
