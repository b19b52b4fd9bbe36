"""Coverage of a past period: which of its days accepted files cover, and for which figures are not available."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import PamError
from dagster_project.landing import LedgerEntry, accepted

DAY = timedelta(days=1)
Span = tuple[date, date]
"""First and last day."""


class PeriodError(PamError, ValueError):
    """Not a period: a misspelt date, the last day before the first, or no file that touches it."""


@dataclass(frozen=True)
class Coverage:
    """Which days of a period no file of one extract and force covers, so that figures over them are not available.

    `force_code`: None if no file was ever accepted.
    """

    extract: str
    force_code: str | None
    period: Span
    gaps: tuple[Span, ...]

    @property
    def days(self) -> int:
        """How many days of the period are covered."""
        return _length(self.period) - sum(map(_length, self.gaps))


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


def coverage_of(entries: Iterable[LedgerEntry], period: Span) -> list[Coverage]:
    """The coverage of a period for every extract, and every force that has an accepted file of it."""
    windows: dict[tuple[str, str], list[Span]] = {}
    for e in accepted(entries):
        if e.extract and e.force_code and e.covered_from and e.covered_to:
            windows.setdefault((e.extract, e.force_code), []).append((e.covered_from, e.covered_to))
    coverage = []
    for extract in load_contracts():
        forces = sorted(f for x, f in windows if x == extract)
        for force in forces:
            coverage.append(Coverage(extract, force, period, _gaps(windows[extract, force], period)))
        if not forces:
            coverage.append(Coverage(extract, None, period, (period,)))
    return coverage


def _gaps(windows: list[Span], period: Span) -> tuple[Span, ...]:
    """The parts of a period that no window covers."""
    at, last = period
    gaps = []
    for start, end in sorted(windows):
        if start > last:
            break
        if at < start:
            gaps.append((at, start - DAY))
        at = max(at, min(end, last) + DAY)
    if at <= last:
        gaps.append((at, last))
    return tuple(gaps)


def format_spans(spans: Iterable[Span]) -> str:
    """Spans as text: `2024-01-01 to 2024-01-31, 2024-03-05`."""
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)


def coverage_rows(coverage: Collection[Coverage]) -> list[tuple[str, str, str, str]]:
    """Extract, force, covered days and gaps, as text. One row at the end names all extracts without any accepted file."""
    rows = [
        (c.extract, str(c.force_code), f"{c.days:,} of {_length(c.period):,}", format_spans(c.gaps) or "nothing")
        for c in coverage
        if c.force_code
    ]
    never = [c.extract for c in coverage if not c.force_code]
    return rows + ([(", ".join(never), "none", "0", "all: never accepted")] if never else [])


def as_markdown(coverage: Collection[Coverage]) -> str:
    """The same as a Markdown table, for Dagster's page."""
    lines = ["| extract | force | covered days | not available |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in coverage_rows(coverage))])
