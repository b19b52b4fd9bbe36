"""The fields of a file, and columns that can be made from several: a time from a date and an hour, a list, an offence code."""

from dataclasses import dataclass

import duckdb

from dagster_project.contracts import Column, plain_header
from dagster_project.core.sql import one_row

from .header_words import numbered, words
from .profiles import Profile


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
        days = [s for s in self.singles if s.profile.is_date and not _has_hours(s.profile)]
        joins = []
        for time in (s for s in self.singles if s.profile.is_time):
            stem = stem_of(time.headers[0])
            same = [d for d in days if stem_of(d.headers[0]) == stem and stem]
            neighbours = [d for d in days if d.indexes[0] == time.indexes[0] - 1]
            left = [d for d in days if d.indexes[0] < time.indexes[0]]
            day = next(iter(same or neighbours or left[-1:] or days[:1]), None)
            if day is not None:
                sure = same or (neighbours and not (stem and stem_of(day.headers[0])))
                doubt = "" if sure else f"'{time.headers[0]}' is taken for the time of '{day.headers[0]}'"
                joins.append(self._joined((day, time), "join", " ", doubt))
        return joins

    def _lists(self) -> list[ColumnSource]:
        """Numbered headers: `Qualifier 1`, `Qualifier 2`."""
        groups: dict[str, list[tuple[int, ColumnSource]]] = {}
        for source in self.singles:
            if name_and_number := numbered(source.headers[0]):
                name, number = name_and_number
                groups.setdefault(name, []).append((number, source))
        return [
            self._joined(tuple(s for _, s in sorted(g, key=lambda item: item[0])), "list", ";")
            for g in groups.values() if len(g) > 1
        ]  # fmt: skip

    def _offences(self) -> list[ColumnSource]:
        """The Home Office's class and subclass in separate fields: `92D` and `1`."""
        codes = []
        for one in self.singles:
            b, header_words = one.profile.basics, set(words(one.headers[0]))
            if "sub" in header_words or not header_words & {"class", "code"} or one.profile.share(b.class_codes) < 0.9:
                continue
            subs = [
                s for s in self.singles
                if "sub" in words(s.headers[0]) and s.profile.share(s.profile.basics.small_numbers) >= 0.9
            ]  # fmt: skip
            codes += [self._joined((one, sub), "join", "/") for sub in subs[:1]]
        return codes

    def sources(self, column: Column) -> list[ColumnSource]:
        """Everything that could be a column's source."""
        if column.type == "timestamp":
            return [*self.singles, *self.joins]
        if column.type == "list":
            grouped = {i for s in self.lists for i in s.indexes}
            return [*(s for s in self.singles if not grouped & set(s.indexes)), *self.lists]
        return [*self.singles, *(self.offences if column.name == "offence_code" else [])]


def _has_hours(profile: Profile) -> bool:
    """Whether a column of dates has times of day other than midnight."""
    if not profile.dates.has_time:
        return False
    counts = one_row(profile.con.execute(
        f"select count(*) from draft_rows where regexp_matches({profile.text}, '\\d:\\d\\d')"
        f" and not regexp_matches({profile.text}, '\\b0?0:00(:00)?$')"
    ))
    return bool(counts[0])


def stem_of(header: str) -> tuple[str, ...]:
    """A header's words without `date`, `time`, `day` and `hour`."""
    return tuple(w for w in words(header) if w not in ("date", "time", "day", "hour"))
