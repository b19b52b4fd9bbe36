"""Whether the lists of measures and the models that count them say the same: where not, a figure would be a false 0 that looks
complete, or a rate of more days below the line than above it.

`pam docs` and each night that can't build on the last one refuse such lists. The models are read as text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import Cause, PamError
from dagster_project.core.home import DBT_PROJECT
from dagster_project.core.seeds import read_seed
from dagster_project.core.similar_names import suggestion

LISTS = ("measure_list", "coverage_limits", "coverage_columns", "vocabulary")
COUNTED = ("sum", "stock", "last")
"""How months of a measure add up that has events of its own."""

_EVENT = re.compile(
    r"\{\{ event\('(?P<day>[^']+)', '(?P<measure>\w+)', (?P<category>(?:category=)?(?:category\()?'\w+'\)?, )?"
    r"(?P<amount>.*?)extract='(?P<extract>\w+)'.*?\}\}",
    re.S,
)
_COUNTS_AS = re.compile(r"\{\{ counts_as\('(?P<what>[^']+)', '(?P<extract>\w+)', '(?P<column>\w+)'")
_NAMED = re.compile(r"\b(\w+) as \(\n(.*?)\n\)", re.S)
"""A named query (`with ... as`), with what it says."""
_TEXT = re.compile(r"(\{\{.*?\}\})|'[^']*'", re.S)
"""A text in SQL, which names no column; what a macro is given may."""

Row = Mapping[str, str]
Lists = Mapping[str, Sequence[Row]]
Measures = Mapping[tuple[str, str], Row]
"""The rows of `measure_list` by mart and measure."""


class MeasureListError(PamError, ValueError):
    """Lists and models of measures that contradict each other. The message has a line for each fault, with what to write."""

    cause = Cause.MODEL


def require_sound_lists() -> None:
    """Raise MeasureListError if the project's lists and models contradict each other."""
    models = {p.stem: p.read_text(encoding="utf-8") for p in sorted((DBT_PROJECT / "models" / "measures").glob("*_events.sql"))}
    subjects = (DBT_PROJECT / "macros" / "subjects.sql").read_text(encoding="utf-8")
    if faults := [*find_faults({name: read_seed(name) for name in LISTS}, models, subjects)]:
        raise MeasureListError("\n".join(faults))


def find_faults(lists: Lists, models: Mapping[str, str], subjects: str) -> Iterator[str]:
    """What is wrong with the lists (by name, of `LISTS`), the SQL of the models of events (by name) and the macro `subjects`,
    and what to do."""
    models = {model: re.sub("--.*", "", sql) for model, sql in sorted(models.items())}
    for model in models:
        if f"'{model.removesuffix('_events')}'" not in subjects:
            yield f"{model}.sql: nobody reads it: add '{model.removesuffix('_events')}' to dbt/macros/subjects.sql"
    measures = {(m["mart"], m["measure"]): m for m in lists["measure_list"]}
    contracts = load_contracts()
    extract_of = {x: x for x in contracts} | {row["coverage"]: row["extract"] for row in lists["coverage_limits"]}
    yield from _unknown_names(measures, extract_of)
    yield from _rates_of_other_days(lists, measures)
    words = {(w["extract"], w["column"], w["counts_as"]) for w in lists["vocabulary"]}
    for model, sql in models.items():
        for extract, column, what in [m.group("extract", "column", "what") for m in _COUNTS_AS.finditer(sql)]:
            if (extract, column, what) not in words:
                yield f"{model}.sql: no value of {extract}.{column} counts as {what}: list one in seeds/vocabulary.csv"
        if (written := len(re.findall(r"\bevent\(", sql))) != (read := len(_EVENT.findall(sql))):
            yield (
                f"{model}.sql: {written - read} of {written} events can't be read: write "
                "{{ event('DAY', 'MEASURE', CATEGORY, AMOUNT, extract='EXTRACT') }}, without what it has none of"
            )
    counted = set()
    for event in _events(models):
        counted.add((event.mart, event.measure))
        m = measures.get((event.mart, event.measure))
        if m is None:
            near = suggestion(event.measure, (name for of, name in measures if of == event.mart))
            yield f"{event.model}.sql: {event.measure} is no measure of {event.mart} in seeds/measure_list.csv{near}"
        elif event.extract not in contracts:
            yield f"{event.model}.sql: no extract is called {event.extract}{suggestion(event.extract, contracts)}"
        elif m["coverage"] in extract_of and extract_of[m["coverage"]] != event.extract:
            of = extract_of[m["coverage"]]
            yield f"{event.model}.sql: {event.measure} counts rows of {event.extract}, and its coverage is of {of}"
        else:
            yield from _misplaced(event, m)
            yield from _unasked(event, m, lists)
    for mart, name in sorted(measures.keys() - counted):
        if measures[mart, name]["aggregation"] in COUNTED:
            yield f"seeds/measure_list.csv: {name}: no event of {mart.removeprefix('mart_')}_events.sql counts it: always 0"


def _unknown_names(measures: Measures, extract_of: Mapping[str, str]) -> Iterator[str]:
    splits = {f"{x}.{c.name}" for x, contract in load_contracts().items() for c in contract.columns if c.values}
    for (mart, name), m in measures.items():
        row, of_mart = f"seeds/measure_list.csv: {name}", {measure for of, measure in measures if of == mart}
        for field in ("coverage", "category_coverage"):
            if m[field] and m[field] not in extract_of:
                near = suggestion(m[field], extract_of)
                yield f"{row}: {field}: {m[field]} is no extract, and no coverage of seeds/coverage_limits.csv{near}"
        for field in ("numerator", "denominator"):
            if m[field] and m[field] not in of_mart:
                yield f"{row}: {field}: {m[field]} is no measure of {mart}{suggestion(m[field], of_mart)}"
        if m["split_by"] and m["split_by"] not in splits:
            yield f"{row}: split_by: {m['split_by']} is no column with values{suggestion(m['split_by'], splits)}"


@dataclass(frozen=True)
class _Event:
    """An `event(...)` of a model."""

    model: str
    measure: str
    extract: str
    day: str
    words: frozenset[str]
    """What its select, and the filters of the queries that this reads, name: columns among them."""
    category_words: frozenset[str]

    @property
    def mart(self) -> str:
        return f"mart_{self.model.removesuffix('_events')}"


def _events(models: Mapping[str, str]) -> Iterator[_Event]:
    for model, sql in models.items():
        named = dict(_NAMED.findall(sql))
        for select in re.split(r"\bunion all\b|\n\),?\n", sql):
            for e in _EVENT.finditer(select):
                words = _words(f"{e['amount']} {_read_from(select, named)}")
                category_words = _words(e["category"] or "") - {"category", "all"}
                yield _Event(model, e["measure"], e["extract"], e["day"], words, category_words)


def _read_from(query: str, named: Mapping[str, str]) -> str:
    """What a query reads, and by what it filters, with the same of the named queries that it reads."""
    tail = re.search(r"\bfrom\s.*", query, re.S)
    text = _TEXT.sub(r"\1", tail[0]) if tail else ""
    return " ".join([text, *(_read_from(named[x], named) for x in re.findall(r"\b(?:from|join) (\w+)", text) if x in named)])


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


def _misplaced(event: _Event, measure: Row) -> Iterator[str]:
    """A day that no window vouches for, and categories that no list mentions."""
    contract = load_contracts()[event.extract]
    if contract.kind == "events" and event.day != contract.date_column and event.day in {c.name for c in contract.columns}:
        yield (
            f"{event.model}.sql: {event.measure} counts on {event.day}, and files of {event.extract} cover days of "
            f"{contract.date_column}: count on that, or have a whole list sent (kind: list)"
        )
    if event.category_words and not (measure["split_by"] or measure["category_group"]):
        yield (
            f"seeds/measure_list.csv: {event.measure} has categories: say split_by, the contract's list, or category_group, a "
            "name that measures with the same categories share"
        )


def _unasked(event: _Event, measure: Row, lists: Lists) -> Iterator[str]:
    """Columns that files may lack, or have blank in every row, and no coverage asks for: such a file would count as 0."""
    contract = load_contracts()[event.extract]
    may_lack = {c.name for c in contract.columns if c.type != "unit"} - contract.never_optional
    asking = {"coverage": event.words}
    if event.category_words:
        asking["category_coverage"] = event.words | event.category_words
    for field, words in asking.items():
        coverage = measure[field] or measure["coverage"]
        if coverage not in {*load_contracts(), *(row["coverage"] for row in lists["coverage_limits"])}:
            continue
        asked = {row["column_name"] for row in lists["coverage_columns"] if row["coverage"] == coverage}
        for column in sorted(may_lack & words - asked):
            yield (
                f"seeds/coverage_columns.csv: {event.measure} needs {column} of {event.extract}, and its {field} does not ask "
                f"for it: name one that does, with a row in seeds/coverage_limits.csv and COVERAGE,{column},{column} here"
            )


def _rates_of_other_days(lists: Lists, measures: Measures) -> Iterator[str]:
    """Rates whose parts are not known for the same files: in a year, one would be of all months and the other of some."""
    limits = {row["coverage"]: (row["extract"], row["form"], row["available_from"]) for row in lists["coverage_limits"]}
    columns: dict[str, set[tuple[str, str]]] = {}
    for row in lists["coverage_columns"]:
        columns.setdefault(row["coverage"], set()).add((row["one_of"], row["column_name"]))

    def known_for(m: Row, field: str) -> object:
        coverage = m[field] or m["coverage"]
        return limits.get(coverage, (coverage, "", "")), columns.get(coverage, set())

    for (mart, name), m in measures.items():
        for part in ("numerator", "denominator"):
            other = measures.get((mart, m[part]))
            if other and any(known_for(m, field) != known_for(other, field) for field in ("coverage", "category_coverage")):
                yield (
                    f"seeds/measure_list.csv: {name}: its {part} {m[part]} has a coverage of other columns or days: give both "
                    f"the same, or make a part of the coverage {m['coverage']} that is not published"
                )
