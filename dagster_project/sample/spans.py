"""Spans of days, and spreading published sums of overlapping spans over the days of the sample."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Days from a first to a last, both included."""

    start: date
    end: date

    def days(self) -> list[str]:
        """Its days as ISO text."""
        return [(self.start + DAY * n).isoformat() for n in range((self.end - self.start).days + 1)]

    def places(self, days: Sequence[str]) -> list[int]:
        """The places in a list of those days that lie in it."""
        return [at for at, day in enumerate(days) if self.start.isoformat() <= day <= self.end.isoformat()]


@dataclass(frozen=True)
class Total:
    """The sum over a span: rows, people or pence, always a whole number."""

    span: Span
    value: int


def span(start: str, end: str) -> Span:
    """The span between two ISO dates."""
    return Span(date.fromisoformat(start), date.fromisoformat(end))


def split_totals(totals: Iterable[Total], covered: Span, cuts: Iterable[date] = ()) -> list[Total]:
    """Cut `covered` at the ends of the totals (and at `cuts`), and give each piece a count, so that all totals are met.

    A report prints sums over overlapping spans (two financial years, two rolling years), so the pieces are not fully fixed. In
    terms of a running total, each printed sum fixes the difference between two edges. Edges that no sum connects can move: they
    are placed as if events were evenly spread, as far as the printed sums allow. Outside the printed spans (the last weeks of
    the covered window) the average rate goes on, which is an assumption.

    Raises ValueError if the totals contradict each other, or need a negative count.
    """
    printed = list(totals)
    ends = {edge for total in printed for edge in (total.span.start, total.span.end + DAY)}
    edges = sorted({covered.start, covered.end + DAY, *cuts} | ends)
    running: dict[date, int] = {}
    for group in sorted(_connected_edges(edges, printed), key=len, reverse=True):
        shift = _shift(group, running)
        running |= {edge: at + shift for edge, at in group.items()}
    return [Total(Span(left, right - DAY), running[right] - running[left]) for left, right in pairwise(edges)]


def _connected_edges(edges: Sequence[date], totals: Sequence[Total]) -> list[dict[date, int]]:
    """Groups of edges that totals connect. Each edge has its running total from the group's first edge."""
    steps: dict[date, list[tuple[date, int]]] = {edge: [] for edge in edges}
    for total in totals:
        left, right = total.span.start, total.span.end + DAY
        steps[left].append((right, total.value))
        steps[right].append((left, -total.value))
    groups: list[dict[date, int]] = []
    for first in edges:
        if any(first in group for group in groups):
            continue
        group, queue = {first: 0}, [first]
        while queue:
            here = queue.pop()
            for there, value in steps[here]:
                at = group[here] + value
                if there not in group:
                    group[there] = at
                    queue.append(there)
                elif group[there] != at:
                    raise ValueError(f"published sums contradict each other between {here} and {there}")
        groups.append(group)
    return groups


def _shift(group: dict[date, int], running: dict[date, int]) -> int:
    """How far to move a group so that the running total of all edges placed so far never falls."""
    if not running:
        return 0
    low = [running[b] - at for a, at in group.items() for b in running if b < a]
    high = [running[b] - at for a, at in group.items() for b in running if b > a]
    first = min(group)
    if low and high and max(low) > min(high):
        raise ValueError(f"no run of counts meets the published sums around {first}")
    shift = max([_even_flow(first, running) - group[first], *low])
    return min([shift, *high])


def _even_flow(edge: date, running: dict[date, int]) -> int:
    """The running total at `edge` if events were evenly spread between its neighbours, or beyond the last edge."""
    placed = sorted(running)
    before, after = [b for b in placed if b < edge], [b for b in placed if b > edge]
    left, right = (before[-1], after[0]) if before and after else (placed[0], placed[-1])
    if left == right:
        return running[left]
    rise, width = running[right] - running[left], (right - left).days
    return running[left] + (2 * rise * (edge - left).days + width) // (2 * width)


def draw_days(rng: Random, counts: Iterable[Total]) -> list[str]:
    """A random day for each row of each piece, sorted within the piece."""
    return [day for piece in counts if piece.value for day in sorted(rng.choices(piece.span.days(), k=piece.value))]


def split_amount(rng: Random, total: int, parts: int, least: int = 0, skew: bool = True) -> list[int]:
    """`total` split into `parts` whole numbers of at least `least`.

    They are uneven, like real amounts; with `skew` a few are large and most are small. Only whole-number arithmetic, so that
    every Python gives the same parts.
    """
    if not parts:
        if total:
            raise ValueError(f"nothing to share {total} among")
        return []
    if total < least * parts:
        raise ValueError(f"{total} is too little for {parts} parts of at least {least}")
    power = 3 if skew else 1
    weights = [50**power + rng.randrange(1000) ** power for _ in range(parts)]
    spare, weight = total - least * parts, sum(weights)
    cut = [least + spare * each // weight for each in weights]
    cut[weights.index(max(weights))] += total - sum(cut)
    return cut
