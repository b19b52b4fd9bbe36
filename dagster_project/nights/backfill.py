"""A past period: which of its days accepted files cover, and which figures are still not available."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import PamError
from dagster_project.landing import LedgerEntry, accepted

DAY = timedelta(days=1)
Span = tuple[date, date]
"""First and last day."""


class PeriodError(PamError, ValueError):
    """A period that ends before it begins, or that no file touches."""


@dataclass(frozen=True)
class Covered:
    """What of a period one extract of one force covers. `force_code` is None where the extract was never accepted."""

    extract: str
    force_code: str | None
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]

    @property
    def days(self) -> int:
        """Covered days of the period."""
        return sum(_length(s) for s in self.spans)

    @property
    def missing(self) -> int:
        """Days of the period that are not covered: figures over them are not available."""
        return sum(_length(s) for s in self.gaps)


def _length(span: Span) -> int:
    return (span[1] - span[0]).days + 1


def read_period(first: str, last: str) -> Span:
    """A period from its first and last day (`YYYY-MM-DD`). Raises PeriodError."""
    try:
        period = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise PeriodError(f"{first} to {last}: days are written YYYY-MM-DD") from error
    if period[0] > period[1]:
        raise PeriodError(f"{first} to {last}: the period ends before it begins")
    return period


def covered(entries: Iterable[LedgerEntry], period: Span) -> list[Covered]:
    """For every extract, and every force that has any accepted file of it, what of a period its files cover."""
    windows: dict[tuple[str, str], list[Span]] = {}
    for e in accepted(entries):
        if e.extract and e.force_code and e.covered_from and e.covered_to:
            windows.setdefault((e.extract, e.force_code), []).append((e.covered_from, e.covered_to))
    found = []
    for extract in load_contracts():
        forces = sorted(f for x, f in windows if x == extract)
        for force in forces:
            spans, gaps = _cut(windows[extract, force], period)
            found.append(Covered(extract, force, spans, gaps))
        if not forces:
            found.append(Covered(extract, None, (), (period,)))
    return found


def _cut(windows: list[Span], period: Span) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Windows put together and cut to a period, and what of it they leave out."""
    first, last = period
    spans: list[Span] = []
    for start, end in sorted((max(a, first), min(b, last)) for a, b in windows if a <= last and b >= first):
        if spans and start <= spans[-1][1] + DAY:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    gaps, at = [], first
    for start, end in spans:
        if at < start:
            gaps.append((at, start - DAY))
        at = end + DAY
    if at <= last:
        gaps.append((at, last))
    return tuple(spans), tuple(gaps)


def said(spans: Iterable[Span]) -> str:
    """Spans in words: `2024-01-01 to 2024-01-31, 2024-03-05`."""
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)


def rows(found: Iterable[Covered]) -> list[tuple[str, str, str, str]]:
    """Extract, force, covered days and what is missing, as text; what was never dropped comes in one line at the end."""
    found = list(found)
    lines = [
        (c.extract, str(c.force_code), f"{c.days:,} of {c.days + c.missing:,}", said(c.gaps) or "nothing")
        for c in found
        if c.force_code
    ]
    never = [c.extract for c in found if not c.force_code]
    return lines + ([(", ".join(never), "none", "0", "all: never accepted")] if never else [])


def as_markdown(found: Iterable[Covered]) -> str:
    """The same as a table, for Dagster's page."""
    lines = ["| extract | force | covered days | not available |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows(found))])
