"""An attacker who has the public figures, knows how they add up, and works out what the hidden ones can be.

The attacker knows every cell of `marts_public.measures`; that counts are whole and not negative; which areas and categories add
up to which; and which counts are parts of others (written here from the public documentation, not read from the seed that the
suppression uses). Integer linear programming then gives the least and the most that a hidden figure can be. It never reads the
exact marts: those only say which hidden figures are small, and so are targets.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import duckdb
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Series = tuple[str, str, str, str]
"""Measure, area type, area code, category."""

PARTS = [  # whole, its parts, whether they add up to it
    ("trigger_arrests", ("arrests_to_test",), False),
    ("trigger_arrests", ("referrals",), False),
    ("arrests_to_test", ("tests_completed", "tests_refused", "tests_missed"), False),
    ("tests_completed", ("tests_recording_results",), False),
    ("tests_recording_results", ("tests_positive",), False),
    ("tests_positive", ("positive_cocaine", "positive_opiates", "positive_both", "positive_not_recorded"), True),
    ("searches", ("drug_searches",), False),
    ("drug_searches", ("drug_searches_by_outcome",), True),
    ("drug_searches", ("drug_searches_by_ethnicity",), True),
    ("drug_searches", ("drug_searches_by_age",), True),
    ("drug_searches", ("drug_searches_recording_finds",), False),
    ("drug_searches_recording_finds", ("drug_finds",), False),
    ("incidents_drugs", ("incidents_drugs_emergency",), False),
    ("incidents_drugs", ("incidents_drugs_by_channel",), True),
    ("orders", ("order_value",), True),  # where each is of one pound
    ("roc_drugs", ("roc_drugs_emergency",), False),
    ("properties_identified", ("repeat_addresses",), False),
    ("fpns_issued", ("fpns_issued_by_team",), True),
    ("knightlow_visits", ("knightlow_visits_substance_misuse",), False),
]
STOCKS = {"lines_active": ("lines_identified", "lines_closed")}
"""What makes a stock rise and fall."""
MANY = 10_000
"""More than any month has."""
RATES = {
    "positivity_rate": ("tests_positive", "tests_recording_results", None),
    "test_rate": ("tests_completed", "arrests_to_test", None),
    "drug_find_rate": ("drug_finds", "drug_searches_recording_finds", None),
    "fpn_share": ("fpns_issued", "fpns_issued", "all"),
}


@dataclass
class AttackResult:
    """The result of an attack on measures that add up."""

    hidden: int
    """Small hidden figures that were attacked."""
    solved: int = 0
    """Integer programmes solved."""
    broken: list[tuple[Series, int, int, int, int]] = field(default_factory=list)
    """Series, first and last month, least and most of each figure that the attack bounded too closely."""


def attack(
    con: duckdb.DuckDBPyConnection,
    measures: Iterable[str],
    threshold: int = 5,
    *,
    public: str = "marts_public.measures",
    areas: str = "areas_listed",
    by_area_and_category: bool = True,
    where: str = "true",
    seed: int = 1,
    stop_after: int = 10**9,
    slack: int = 0,
    by_month: bool = False,
    extra: Mapping[tuple[Series, int, int], tuple[int, int]] | None = None,
) -> AttackResult:
    """Attack the figures of measures that add up, of one force: the small hidden ones, or all rounded ones.

    Args:
        public, areas: relations with the public figures and the list of areas. by_area_and_category: figures by both, too.
        where: SQL condition on the marts' columns: the rows to attack. stop_after: figures to find before the attack ends.
        slack: by how much a public figure can be wrong; the attack then finds a figure if it knows it exactly. by_month: longer
        periods are known to be sums of their public months, and tell nothing more. extra: more known figures, the least and the
        most of each.
    """
    names = set(measures)
    rates = tuple(r for r, (n, d, _) in RATES.items() if n in names and d in names)
    listed = ", ".join(f"'{m}'" for m in (*sorted(names), *rates))
    rows = con.execute(
        f"""
        select p.measure, p.area_type, p.area_code, p.category, {month("p.period_start")}, {month("p.period_end")},
            p.value, p.numerator, p.denominator, p.prior_value, max(m.value), p.data_status
        from {public} as p
        join marts.measures as m
            on p.force_code = m.force_code and p.mart = m.mart and p.measure = m.measure and p.area_type = m.area_type
            and p.area_code = m.area_code and p.category = m.category and p.period_type = m.period_type
            and p.period_start = m.period_start and p.period_end = m.period_end
        where p.measure in ({listed}) and {where}
            {"" if by_area_and_category else "and (p.area_type = 'force' or p.category = 'all')"}
        group by all
        order by all
        """
    ).fetchall()
    known: dict[tuple[Series, int, int], tuple[int, int]] = {}
    small: dict[tuple[Series, int, int], int] = {}
    all_series: set[Series] = set()
    statuses: dict[tuple[Series, int], str] = {}
    for measure, kind, code, category, first, b, value, n, d, prior, true, status in rows:
        a = b if measure in STOCKS else first
        if measure in RATES:
            above, below, of = RATES[measure]
            for name, figure, cat in ((above, n, category), (below, d, of or category)):
                all_series.add((name, kind, code, cat))
                if a == b:
                    statuses[(name, kind, code, cat), a] = status
                if figure is not None:
                    known[(name, kind, code, cat), a, b] = (int(figure), int(figure))
            continue
        series = (measure, kind, code, category)
        all_series.add(series)
        if first == b:
            statuses[series, b] = status
        if value is not None and not (by_month and a != b):
            known[series, a, b] = (int(value) - slack, int(value) + slack)
        if true is not None and (slack or 0 < true < threshold):
            small[series, a, b] = int(true)
        if prior is not None and not slack:
            known[series, a - 12, b - 12] = (int(prior), int(prior))
    for key, (least, most) in (extra or {}).items():
        if key[0] in all_series:
            low, high = known.get(key, (0, MANY))
            known[key] = (max(low, least), min(high, most))
    units = f"select area_code, section_code from {areas} where area_type = 'lpu' and section_code is not null"
    sections = dict(con.execute(units).fetchall())
    return solve(all_series, known, small, sections, 1 if slack else threshold, random.Random(seed), stop_after, statuses)


def month(day: str) -> str:
    """SQL for the number of months from year 0 to the month of a day."""
    return f"12 * year({day}) + month({day}) - 1"


def relations(series: set[Series], sections: dict[str, str]) -> list[tuple[Series, list[Series], bool]]:
    """A whole, its parts, and whether they add up to it, in every month. In a fixed order, so that an attack that stops early
    finds the same figures each time."""
    sums: list[tuple[Series, list[Series], bool]] = []
    by_place: dict[tuple[str, str, str], dict[str, list[Series]]] = {}
    in_order = sorted(series)
    for s in in_order:
        measure, kind, code, category = s
        if category != "all":
            by_place.setdefault((measure, "categories", f"{kind} {code}"), {}).setdefault("", []).append(s)
        if kind == "section" or (kind == "lpu" and code not in sections):
            by_place.setdefault((measure, "areas", category), {}).setdefault("force", []).append(s)
        elif kind == "lpu":
            by_place.setdefault((measure, "areas", category), {}).setdefault(sections[code], []).append(s)
    force = next(code for _, kind, code, _ in series if kind == "force")
    for (measure, split_by, rest), groups in by_place.items():
        for above, parts in groups.items():
            if split_by == "categories":
                kind, code = rest.split(" ", 1)
                sums.append(((measure, kind, code, "all"), parts, True))
            elif above == "force":
                sums.append(((measure, "force", force, rest), parts, True))
            else:
                sums.append(((measure, "section", above, rest), parts, True))
    for whole, parts, is_all in PARTS:
        for s in [s for s in in_order if s[0] == whole]:
            if "_by_" in parts[0] and s[3] != "all":
                continue  # parts split in another way have other categories
            present = [(p, *s[1:]) for p in parts if (p, *s[1:]) in series]
            if present:
                sums.append((s, present, is_all and len(present) == len(parts)))
    return [(w, p, e) for w, p, e in sums if w in series]


def solve(
    all_series: set[Series],
    known: dict[tuple[Series, int, int], tuple[int, int]],
    small: dict[tuple[Series, int, int], int],
    sections: dict[str, str],
    threshold: int,
    rng: random.Random,
    stop_after: int = 10**9,
    statuses: Mapping[tuple[Series, int], str] = MappingProxyType({}),
) -> AttackResult:
    """Bound each small figure by the known ones. `known`, `small`: figures by series, first and last month. `statuses`: how far
    files cover a series in a month."""
    result = AttackResult(hidden=len(small))
    if not small:
        return result
    keys = [*known, *small]
    series = sorted(all_series | {s for s, _, _ in keys})
    first, last = min(a for _, a, _ in keys), max(b for _, _, b in keys)
    width = last - first + 1
    place = {s: i * width for i, s in enumerate(series)}

    def window(key: tuple[Series, int, int]) -> range:
        s, a, b = key
        return range(place[s] + a - first, place[s] + b - first + 1)

    lines: list[tuple[list[int], list[float]]] = []
    least: list[float] = []
    most: list[float] = []
    for key, (low_end, high_end) in known.items():
        at = window(key)
        lines.append((list(at), [1.0] * len(at)))
        least.append(low_end)
        most.append(high_end)
    for whole, parts, is_all in relations(set(series), sections):
        # Parts of which a file lacks the column are fewer. What it is about has the columns of the whole.
        is_same = is_all and parts[0][0] == whole[0] and ("_by_" in whole[0] or parts[0][3] == whole[3])
        for m in range(width):
            is_sum = is_same or (is_all and {statuses.get((p, first + m), "complete") for p in parts} == {"complete"})
            lines.append(([place[whole] + m, *(place[p] + m for p in parts)], [1.0] + [-1.0] * len(parts)))
            least.append(0)
            most.append(0 if is_sum else np.inf)
    for s in [s for s in series if s[0] in STOCKS]:
        rises, falls = ((flow, *s[1:]) for flow in STOCKS[s[0]])
        for m in range(1, width):
            lines.append(([place[s] + m - 1, place[rises] + m, place[falls] + m, place[s] + m], [1.0, 1.0, -1.0, -1.0]))
            least.append(0)
            most.append(0)
    upper = np.full(width * len(series), float(MANY))
    for (s, m), status in statuses.items():
        if status == "not_available" and s in place and first <= m <= last and s[0] not in STOCKS:
            upper[place[s] + m - first] = 0  # longer periods count none of it
    rows = LinearConstraint(matrix(lines, width * len(series)), least, most)
    targets = list(small)
    target_rows = matrix([(list(window(t)), [1.0] * len(window(t))) for t in targets], width * len(series))
    low = np.full(len(targets), np.inf)
    high = np.full(len(targets), -np.inf)
    done = np.zeros(len(targets), bool)

    def point(objective: np.ndarray) -> None:
        # The linear solution is mostly whole already. HiGHS's presolve has called a feasible table infeasible.
        for kind, presolve in ((0, True), (1, True), (1, False)):
            options = {"presolve": presolve}
            solution = milp(objective, constraints=rows, bounds=Bounds(0, upper), integrality=kind * whole, options=options)
            if solution.success and np.abs(solution.x - np.round(solution.x)).max() < 1e-6:
                break
        assert solution.success, f"no table is consistent with what is published: {solution.message}"
        result.solved += 1
        at = target_rows @ np.round(solution.x)
        np.minimum(low, at, out=low)
        np.maximum(high, at, out=high)
        done[(high >= threshold) & (high - low >= threshold)] = True

    whole = np.ones(width * len(series))
    size = len(targets)
    while not done.all() and len(result.broken) < stop_after:
        waiting = [i for i in range(len(targets)) if not done[i]]
        batch = rng.sample(waiting, min(size, len(waiting)))
        objective = np.asarray(target_rows[batch].sum(axis=0)).ravel()
        before = done.sum()
        point(-objective)
        point(objective)
        if len(batch) == 1:
            if not done[batch[0]]:
                s, a, b = targets[batch[0]]
                result.broken.append((s, a, b, int(low[batch[0]]), int(high[batch[0]])))
                done[batch[0]] = True
        elif done.sum() - before < len(batch) / 4:
            size = max(1, size // 3)
    return result


def matrix(lines: list[tuple[list[int], list[float]]], width: int) -> csr_array:
    """A sparse matrix. Each line: its columns and their values."""
    starts = np.cumsum([0, *(len(at) for at, _ in lines)])
    columns = np.concatenate([np.asarray(at) for at, _ in lines]) if lines else np.array([], int)
    values = np.concatenate([np.asarray(v) for _, v in lines]) if lines else np.array([])
    return csr_array((values, columns, starts), shape=(len(lines), width))
