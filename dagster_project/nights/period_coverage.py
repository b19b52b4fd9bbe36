"""Coverage of a past period: which of its days accepted files cover, and for which figures are not available."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import PamError
from dagster_project.landing import LedgerEntry, accepted

DAY = timedelta(days=1)
MAX_GAPS = 6
"""How many gaps of an extract and force are named."""
Span = tuple[date, date]
"""First and last day."""


class PeriodError(PamError, ValueError):
    """Not a period: a misspelt date, the last day before the first, or no file that touches it."""


def read_period(first: str, last: str) -> Span:
    """A period from its first and last day (`YYYY-MM-DD`). Raises PeriodError."""
    try:
        period = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise PeriodError(f"{first} to {last}: days are written YYYY-MM-DD") from error
    if period[0] > period[1]:
        raise PeriodError(f"{first} to {last}: the period ends before it begins")
    return period


def coverage_rows(entries: Iterable[LedgerEntry], period: Span) -> list[tuple[str, str, str, str]]:
    """Extract, force, how many days of a period its accepted files cover, and the days for which figures are not available, as
    text. One row at the end names all extracts without any accepted file.
    """
    windows = _windows(entries)
    rows: list[tuple[str, str, str, str]] = []
    never: list[str] = []
    total = _length(period)
    for extract in load_contracts():
        forces = sorted(force for x, force in windows if x == extract)
        for force in forces:
            gaps = find_gaps(windows[extract, force], period)
            covered = total - sum(map(_length, gaps))
            rows.append((extract, force, f"{covered:,} of {total:,}", format_spans(gaps) or "nothing"))
        if not forces:
            never.append(extract)
    return rows + ([(", ".join(never), "none", "0", "all: never accepted")] if never else [])


def coverage_gaps(entries: Iterable[LedgerEntry]) -> list[tuple[str, str, str]]:
    """Extract, force, and the days between their first and last covered one that no accepted file covers, as text."""
    gap_rows = []
    for (extract, force), spans in sorted(_windows(entries).items()):
        if load_contracts()[extract].kind == "indicators":
            # What others publish is there for its own periods, whatever days a download is named for.
            continue
        period = min(first for first, _ in spans), max(last for _, last in spans)
        if gaps := find_gaps(spans, period):
            more = f" and {len(gaps) - MAX_GAPS} more times" if len(gaps) > MAX_GAPS else ""
            gap_rows.append((extract, force, format_spans(gaps[:MAX_GAPS]) + more))
    return gap_rows


def _standing_loads(loads: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Accepted `loads` without files of data.police.uk whose month the force's own extract covers in part: they count neither
    with rows nor with days (as the model of this name)."""
    loads, contracts, own = list(loads), load_contracts(), defaultdict[tuple[str | None, ...], list[Span]](list)
    for entry in loads:
        if entry.form == "canonical":
            own[entry.extract, entry.force_code].append(entry.window)
    return [
        e for e in loads
        if e.form != "police_uk" or not contracts[str(e.extract)].key
        or not any(first <= e.window[1] and last >= e.window[0] for first, last in own[e.extract, e.force_code])
    ]  # fmt: skip


def _windows(entries: Iterable[LedgerEntry]) -> dict[tuple[str, str], list[Span]]:
    windows: dict[tuple[str, str], list[Span]] = {}
    for entry in _standing_loads(accepted(entries)):
        windows.setdefault((str(entry.extract), str(entry.force_code)), []).append(entry.window)
    return windows


def _length(span: Span) -> int:
    return (span[1] - span[0]).days + 1


def find_gaps(windows: Iterable[Span], period: Span) -> list[Span]:
    """The parts of a period that no window covers."""
    day, last = period
    gaps = []
    for start, end in sorted(windows):
        if start > last:
            break
        if day < start:
            gaps.append((day, start - DAY))
        day = max(day, min(end, last) + DAY)
    if day <= last:
        gaps.append((day, last))
    return gaps


def format_spans(spans: Iterable[Span]) -> str:
    """Spans as text: `2024-01-01 to 2024-01-31, 2024-03-05`."""
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)


def as_markdown(rows: Iterable[Iterable[str]]) -> str:
    """`coverage_rows` as a Markdown table, for Dagster's page."""
    lines = ["| extract | force | covered days | not available |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
