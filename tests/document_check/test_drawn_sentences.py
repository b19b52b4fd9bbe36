"""Sentences drawn from the sample's figures: for `pam check` and `pam claims add` a right number never disagrees, and a wrong
one never agrees.

They are of forms that reports have: the area before, behind or far from its number, in brackets or behind a comma; a second
number of another area, time or change. A number whose words leave more than one figure may stay not linked.
"""

import random
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from how_often import IS_LONG, often
from support import published

from dagster_project.core.home import Home
from dagster_project.document_check.sentences.understand_sentence import ClaimOptions, NotUnderstoodError, understand_sentence
from dagster_project.document_check.text.figures_in_text import numbers_of
from dagster_project.document_check.verdict_rule import judge
from dagster_project.editions.read_printed_numbers import WORDS, read_printed
from document_check.documents import check_text, read_figures

FORCE = "Derbyshire Constabulary"
OF_AN_AREA = """
In {x}, {n} {m} were recorded {p}.|{x} recorded {n} {m} {p}.|Across {x} there were {n} {m} {p}.|{P}, {x} had {n} {m}.
There were {n} {m} {p} in {x}.|{P} there were {n} {m}, in {x}.|{n} {m} were recorded {p} within {x}.|{x}: {n} {m} {p}.
{M} in {x} totalled {n} {p}.|{P} the total for {x} was {n} {m}.|{M} {p} ({x}): {n}.|{M} stood at {n} {p} in {x}.
A total of {n} {m} were recorded {p} in {x}.|{M} {p} were highest in {x}, with {n}.|There were {n} {m} {p} across the {x} area.
The number of {m} was {n} {p} in {x}, against {q} the year before.|{x} saw {m} reach {n} {p}.|{n} of the {m} {p} were in {x}.
{P} {n} {m} took place in {x}, compared with {q} in the previous twelve months.|Of the units, {x} recorded {n} {m} {p}.
There were {n} {m} in {x} {p} and {on} in {ox}.|{x} and {ox} recorded {n} and {on} {m} {p}.|{x}'s {n} {m} {p} were the most.
{P}, {n} {m} were recorded in {x}. This compares with {on} in {ox}.|While {ox} recorded {on} {m} {p}, {x} recorded {n}.
{x} recorded {n} {m} {p}, while the force recorded {f}.|Of the {f} {m} {p}, {n} were in {x}.|{M} {p}: {x} ({n}), {ox} ({on}).
{P}, {m} in {x} ({n}) were above those in {ox} ({on}).|{P} {m} {w} by {ch} in {x}; in {ox} there were {on}.
{x} is the force's busiest unit with {n} {m} {p}.|{x}, the county's largest unit, had {n} {m} {p}.|{M} ({x}): {n} {p}.
In {x}, as in {ox}, there were {n} {m} {p}.|{x} had {n} {m} {p}, in {ox} there were more.|In {x} the county saw {n} {m} {p}.
"""
OF_EITHER = """
{n} {m} were recorded {p} and {q} {pp}{i}.|{M} {w} by {ch} {p}{i}, from {q}.|{M} {w} {pc} to {n} {p}{i}.
{P} there were {n} {m}{i}; {pp} there were {q}.|{M} {w} from {q} {pp} to {n} {p}{i}.|{P} {m} {w} by {ch}{i} on the year before.
The {n} {m} {p}{i} compare with {q} in the same period of the previous year.|{P}, {n} {m} were recorded{i}, a {pw} of {pc}.
"""
OF_A_CHANGE = """
{M} {w} by {pc} ({ch}) {p}{i}.|{M} {w} by {ch} ({pc}) {p}{i}.|{M} {w} {p}{i}, from {q} to {n} ({pc}).
{n} {m} {p}{i}, {u} from {q}.|{n} {m} {p}{i}, {u} {pc} on the year before.|{P}, {m}{i} were {u} {pc} at {n}.
{n} {m} {p}{i} ({pc} {u} on the previous year).|{M}{i}: {n} {p} ({q} {pp}).|{n} {m} {p}{i} ({s}{pc}).
{n} {m} {p}{i}, {ch} {f_} than the year before.|{M} {p}{i}: {n} ({s}{ch}).|{M} {w} from {q} to {n} {p}{i}, a {pw} of {pc}.
There was a {pw} of {pc} in {m} {p}{i}.|There were {ch} {f_} {m} {p}{i}, a total of {n}.
A {pw} of {ch} in {m} {p}{i} brought the total to {n}.|{M} {p}{i} {w} to {n}, {u} {pc}.|{P}{i}, there was a {pc} {pw} in {m}.
"""
OF_THE_FORCE = """
There were {n} {m} {p}.|{P} we recorded {n} {m}.|{P}, there were {n} {m} in Derbyshire.|Force-wide there were {n} {m} {p}.
{P} the force recorded {n} {m}, of which {on} were in {ox}.|{M} {p}: {n}; in {ox}: {on}.|{M} {w} {pc} {p}.
{P} the figure for {m} was {n}, while {ox} had {on}.|{M} came to {n} {p}, with {on} in {ox}.|{P}, {m} {w} from {q} to {n}.
There were {n} {m} {p}, in {ox} they fell.|There were {n} {m} {p}, for {ox} the picture is similar.
There were {n} {m} {p} (most of them in {ox}).|There were {n} {m} {p}, across {ox} and all others.
While {ox} fell, there were {n} {m} {p}.
With {on} {m} in {ox}, the force total was {n} {p}.|The year before there were {q} {m}; {p} there were {n}.
{n} {m} were recorded {p} ({q} the year before).|{P} saw {n} {m}, a {pw} of {pc} on the year before.
"""
OF_A_CATEGORY = """
{c}: {n} {m} {p}.|{n} {m} {p} were {c}.|{P} there were {n} {m} for {c}.|{P} {n} {m} were recorded as {c}.|{M} {p} ({c}): {n}.
{M} {p}, {c}: {n}.|Of the {f} {m} {p}, {n} were {c}.|{c} had {n} {m} {p}.|{n} of the {m} {p} came from {c}.
{n} {c} {m} were recorded {p}.
{c} accounted for {n} {m} {p} and {ox} for {on}.|{P} {c} made up {n} of the {m}.|{M} {p} were highest for {c}, with {n}.
There were {f} {m} {p}, of which {n} were {c}.|There were {f} {m} {p}, including {n} for {c}.|{c} {m} came to {n} {p}.
{P}, {m} numbered {f}: {n} {c} and {on} {ox}.|By type, {m} {p} were: {c} {n}, {ox} {on}.|{f} {m} {p} ({n} {c}).
{P} {m} by {c} numbered {n}, out of {f} in all.|{M} from {c} {p} were {n}, against {q} the year before.
We recorded {f} {m} {p}; {c} was the most common, with {n}.
"""
FIGURES = """
    select mart, measure, title, area_type, area_name, period_type, period_label, period_start, period_end, measures.unit,
        category, value, prior_value, volume_change, pct_change
    from marts.measures inner join meta.dictionary on relation_name = mart and name = measure and kind = 'measure'
    where (category = 'all' or area_type = 'force') and area_type in ('force', 'lpu') and value is not null
        and area_name <> 'Not recorded' and category <> 'Not recorded'
        -- `Activities` may be of both of its measures, and the paragraph before may say who was safeguarded.
        and mart <> 'mart_prevention_activity' and measure not in ('people_safeguarded', 'persons_safeguarded')
        and period_type in ('month', 'financial_year', 'calendar_year', 'rolling_12_months')
        and measures.unit in ('count', 'gbp', 'percent')
    order by all
"""


class Row(NamedTuple):
    """A figure of the sample."""

    mart: str
    measure: str
    title: str
    area_type: str
    area: str
    period_type: str
    label: str
    first: date
    last: date
    unit: str
    category: str
    value: Decimal
    prior: Decimal | None
    change: Decimal | None
    pct: Decimal | None


def in_words(draw: random.Random, row: Row) -> tuple[str, str]:
    """The figure's days in words, and those of the year before (blank if they take too many)."""
    first, last = row.first, row.last
    months = [f"{first:%B %Y}", f"{last:%B %Y}"]
    days = [f"{first.day} {months[0]}", f"{last.day} {months[1]}"]
    ways = [f"between {a} and {b}" for a, b in (months, days)] + [f"from {a} to {b}" for a, b in (months, days)]
    year_to = [
        f"in the {year} {to} {end}" for year in ("year", "12 months", "twelve months") for to in ("to", "ending", "up to")
        for end in (months[1], days[1], f"the end of {months[1]}")
    ]  # fmt: skip
    if row.period_type == "month":
        forms = (months[0], f"{first:%b %Y}")
        ways = [f"{word} {month}" for word in ("in", "during", "for", "for the month of") for month in forms]
        return draw.choice(ways), f"in {first:%B} {first.year - 1}"
    if row.period_type == "financial_year":
        short = [f"{first:%y}/{last:%y}", f"{first.year}-{last:%y}", f"{first.year}–{last:%y}", f"{first.year}/{last.year}"]
        ways += [f"in {year}" for year in (row.label, *short[1:])]
        ways += [f"in the financial year {year}" for year in (row.label, *short)]
        ways += [f"in FY{short[0]}", f"in FY {row.label}", f"in the {row.label} financial year", *year_to]
        return draw.choice([ways[0], f"in {row.label}", *ways]), f"in {first.year - 1}/{first.year % 100:02}"
    if row.period_type == "calendar_year":
        ways += [f"in {last.year}", f"in calendar year {last.year}", f"during the calendar year {last.year}", *year_to]
        return draw.choice([f"in {last.year}", ways[0], *ways]), f"in {last.year - 1}"
    return draw.choice([*ways, *year_to]), ""


def printed(value: Decimal | None, unit: str, way: int = 0) -> str:
    """A value as a report prints it, in one of many ways; blank if there is none. 0 is the most usual."""
    if value is None:
        return ""
    ways = [f"{value:,.0f}", *([f"{value:.0f}"] if not 1900 <= value < 2100 else []), *WORDS[int(value) : int(value) + 1]]
    if unit == "percent":
        ways = [f"{value:.1f}{sign}" for sign in ("%", " %", " per cent", " percent")]
    elif unit == "gbp":
        ways = [f"£{value:,.0f}", f"£{value:,.2f}", f"£{value:.0f}"]
        for scale, names in ((6, ("m", " million", "million", "M")), (3, ("k", "K", " thousand"))):
            scaled = value.scaleb(-scale)
            ways += [f"£{scaled:.1f}{name}" for name in names if 1 <= scaled < 1000]
    return ways[way % len(ways)]


class Sentence(NamedTuple):
    """A sentence, and its wrong number; blank if all are right. `is_turned`: a rise is called a fall, or a fall a rise, so that
    both of its amounts are wrong."""

    text: str
    wrong: str
    is_turned: bool = False


def draw_sentences(draw: random.Random, rows: list[Row], n: int) -> list[Sentence]:
    """Sentences about figures. One of three has a wrong number, half of them the whole's in place of the part's."""
    values: defaultdict[tuple[str, ...], dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for row in rows:
        values[row.mart, row.measure, row.period_type, row.label][row.area, row.category] = row.value
    changes = (OF_EITHER, OF_A_CHANGE)
    kinds = {"lpu": (OF_AN_AREA, *changes), "force": (OF_THE_FORCE, *changes), "category": (OF_A_CATEGORY,)}
    forms = {
        kind: [f for text in texts for line in text.split("\n") for f in line.split("|") if f] for kind, texts in kinds.items()
    }
    sentences: list[Sentence] = []
    while len(sentences) < n:
        row = draw.choice(rows)
        kind = row.area_type if row.category == "all" else "category"
        form = draw.choice(forms[kind])
        parts_of_it = values[row.mart, row.measure, row.period_type, row.label]
        whole = parts_of_it.get((FORCE, "all"))
        # Other areas, or other categories of the force.
        own = 1 if kind == "category" else 0
        others = [
            (key[own], value) for key, value in parts_of_it.items()
            if key not in ((row.area, row.category), (FORCE, "all")) and (key[1] == "all") != bool(own)
        ]  # fmt: skip
        other, other_value = draw.choice(others or [("", None)])
        in_case = str.lower if draw.random() < 1 / 3 and own else str
        days, year_before = in_words(draw, row)
        title = row.title[0].lower() + row.title[1:]
        wrong = ""
        way = draw.randrange(60) if draw.random() < 1 / 3 else 0
        if "{n}" in form and draw.random() < 1 / 3:
            is_swapped = kind != "force" and whole is not None and draw.random() < 1 / 2
            wrong = printed(whole if is_swapped else row.value + draw.choice([1, 7, 100]), row.unit, way)
            # £58,000 may be rounded.
            wrong = "" if wrong == printed(row.value, row.unit, way) or wrong.endswith("000") else wrong
        change = row.change if row.unit == "count" and row.change else None
        moved = 0 if change is None else 1 if change > 0 else 2
        if moved and not wrong and (amount := re.search(r"{s}{(?:pc|ch)}|{pc}|{ch}", form)) and draw.random() < 1 / 4:
            # A rise that is called a fall.
            moved, turned = 3 - moved, amount[0]
        else:
            turned = ""
        parts = {
            "n": wrong or printed(row.value, row.unit, way), "q": printed(row.prior, row.unit, way),
            "f": printed(whole, row.unit, way), "on": printed(other_value, row.unit, way),
            "x": row.area, "i": f" in {row.area}" if row.area_type == "lpu" else "",
            "ox": in_case(other), "c": in_case(row.category),
            "m": title, "M": row.title, "p": days, "P": days[0].upper() + days[1:], "pp": year_before,
            "u": ("", "up", "down")[moved], "s": ("", "+", "-")[moved], "f_": ("", "more", "fewer")[moved],
            "w": ("", "rose", "fell")[moved], "pw": ("", "rise", "fall")[moved], "ch": f"{abs(change):,.0f}" if change else "",
            "pc": f"{abs(row.pct):.1f}%" if change and row.pct else "",
        }  # fmt: skip
        if all(parts[name] or name == "i" for name in re.findall(r"{(\w+)}", form)):
            sentences.append(Sentence(form.format(**parts), wrong or turned.format(**parts), bool(turned)))
    return sentences


def drawn(home: Home, suite: int, long: int) -> tuple[int, list[Sentence]]:
    """The seed, and sentences of the sample's figures."""
    seed = random.randrange(1 << 30) if IS_LONG else 2026
    return seed, draw_sentences(random.Random(seed), [Row(*r) for r in published(home, FIGURES)], often(suite, long))


def test_right_numbers_never_disagree_and_wrong_ones_never_agree(sample_home: Home, tmp_path: Path) -> None:
    """The area behind `between January and December 2025`, in brackets before the number, behind a comma or as `highest in` was
    passed over: the number was taken for the force's, so that a right one disagreed and the force's own agreed."""
    seed, sentences = drawn(sample_home, 500, 40000)
    verdicts: Counter[tuple[bool, str]] = Counter()
    for at in range(0, len(sentences), 1000):
        part = sentences[at : at + 1000]
        checked = check_text(sample_home, tmp_path, "\n\n".join(s.text for s in part))
        items = defaultdict(list)
        for item in checked.items:
            items[int(re.findall(r"\d+", item.where)[0])].append(item)
        for number, sentence in enumerate(part, 1):
            of_wrong = [i for i in items[number] if i.printed == sentence.wrong]
            verdicts.update((bool(sentence.wrong), i.verdict) for i in (of_wrong if sentence.wrong else items[number]))
            if sentence.wrong:
                assert len(of_wrong) > 1 or all(i.verdict != "agrees" for i in of_wrong), (seed, sentence, of_wrong)
            else:
                assert all(i.verdict != "disagrees" for i in items[number]), (seed, sentence, items[number])
    assert verdicts[False, "agrees"] > len(sentences) / 5 and verdicts[True, "disagrees"] > len(sentences) / 20, verdicts


def test_a_claim_is_of_the_number_that_it_names_or_is_refused(sample_home: Home) -> None:
    """`pam claims add --number` took the area or the year of the sentence's other number."""
    seed, sentences = drawn(sample_home, 300, 20000)
    _, edition = read_figures(sample_home.warehouse.resolve())
    verdicts: Counter[tuple[bool, str]] = Counter()
    for sentence in sentences:
        for number in {n.text for n in numbers_of(sentence.text) if n.kind == "figure"}:
            try:
                claim = understand_sentence(sentence.text, ClaimOptions(number=number), edition)
            except NotUnderstoodError:
                continue
            figure = edition.with_value(claim.figure)
            verdict, _ = judge(read_printed(claim.printed, figure.unit), figure)
            is_wrong = number == sentence.wrong
            if sentence.is_turned and not is_wrong:
                continue
            assert verdict != ("agrees" if is_wrong else "disagrees"), (seed, sentence, number, figure)
            verdicts[is_wrong, verdict] += 1
    assert verdicts[False, "agrees"] > len(sentences) / 4 and verdicts[True, "disagrees"] > len(sentences) / 20, verdicts
