"""Coverages: on which days a measure is available. `seeds/measure_list.csv` names each as a text that says it, such as
`incidents with grade + record_type from 2023-10-01`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

FORM = "<extract> with <column> + <column> from <date>"
"""How a coverage is written. What follows the extract may be left out; of `<column>/<column>` one is enough."""

_WRITTEN = re.compile(r"(\w+)(?: with (\w+(?:/\w+)*(?: \+ \w+(?:/\w+)*)*))?(?: from (\d{4}-\d\d-\d\d))?")


@dataclass(frozen=True)
class Coverage:
    """The days that files of an extract cover, without those of files that lack a column, and without days before a date."""

    name: str
    """The text that says it."""
    extract: str
    needs: tuple[tuple[str, ...], ...] = ()
    """Columns of the extract's contract. Of each group one is enough."""
    available_from: str | None = None
    """First day on which what it needs was recorded, as YYYY-MM-DD."""

    def with_columns(self, columns: Iterable[str]) -> str:
        """The text of this coverage that asks for these columns too."""
        from_day = f" from {self.available_from}" if self.available_from else ""
        return f"{self.extract} with {' + '.join(sorted([*map('/'.join, self.needs), *columns]))}{from_day}"

    def is_within(self, other: "Coverage") -> bool:
        """Whether this coverage asks for all that the other asks for."""
        asks_as_much = all(any({*group} <= {*wide} for group in self.needs) for wide in other.needs)
        return self.extract == other.extract and (self.available_from or "") >= (other.available_from or "") and asks_as_much

    @property
    def columns(self) -> set[str]:
        """All columns that it asks for."""
        return {column for group in self.needs for column in group}


@cache
def read_coverage(text: str) -> Coverage:
    """The coverage that a text says. Raises ValueError if it is not written as `FORM`, or its date is none."""
    if not (parts := _WRITTEN.fullmatch(text)):
        raise ValueError(f"`{text}` is not written as `{FORM}`")
    extract, columns, available_from = parts.groups()
    if available_from:
        try:
            date.fromisoformat(available_from)
        except ValueError as error:
            raise ValueError(f"`{text}`: {available_from} is no date") from error
    needs = tuple(tuple(group.split("/")) for group in columns.split(" + ")) if columns else ()
    return Coverage(text, extract, needs, available_from)


def coverages_of(measures: Iterable[dict[str, str]]) -> dict[str, Coverage]:
    """By name, the coverages that rows of `measure_list` name for measures or their categories. Raises ValueError."""
    return {text: read_coverage(text) for m in measures for text in (m["coverage"], m["category_coverage"]) if text}
