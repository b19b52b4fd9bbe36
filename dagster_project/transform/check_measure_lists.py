"""Whether the lists of measures and the models that count them say the same: where not, a figure would be a false 0 that looks
complete, or a rate of more days below the line than above it.

`pam docs` and each night that can't build on the last one refuse such lists. The models are read as dbt's templates, not run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError, nodes

from dagster_project.contracts import load_contracts
from dagster_project.core.coverages import Coverage, read_coverage
from dagster_project.core.errors import Cause, PamError
from dagster_project.core.home import DBT_PROJECT
from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.similar_names import suggestion

LISTS = ("measure_list", "vocabulary")
COUNTED = ("sum", "stock", "last")
"""How months of a measure add up that has events of its own."""
EVENT = ("happened", "measure", "category", "amount", "extract")
"""What dbt's macro `event` is given, in order."""

_NOT_NAMES = re.compile(r"'[^']*'|--[^\n]*|/\*.*?\*/|\s+", re.S)
"""What of SQL says nothing of what is read: texts, comments and blanks."""
_QUERY = re.compile(r" ?(?:select|with)\b")
_BEFORE_QUERY = re.compile(r"\b(?:as|from|join|materialized) ?$")
_NAMED = re.compile(r"(\w+)( ?\([^()]*\))? as (?:not )?(?:materialized )?(query_\d+)")
"""A named query (`with ... as`), with its columns, if it names them too."""

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
    for model in sorted(models):
        if f"'{model.removesuffix('_events')}'" not in subjects:
            yield f"{model}.sql: nobody reads it: add '{model.removesuffix('_events')}' to dbt/macros/subjects.sql"
    measures = {(m["mart"], m["measure"]): m for m in lists["measure_list"]}
    contracts = load_contracts()
    if faults := [*_unknown_names(measures)]:
        yield from faults
        return
    yield from _wider_categories(measures)
    yield from _rates_of_other_days(measures)
    words = {(w["extract"], w["column"], w["counts_as"]) for w in lists["vocabulary"]}
    counted: set[tuple[str, str]] = set()
    for model_name, sql in sorted(models.items()):
        try:
            model = _read(model_name, sql)
        except TemplateSyntaxError as error:
            yield f"{model_name}.sql: line {error.lineno}: {error.message}"
            counted |= measures.keys()
            continue
        yield from model.faults
        for what, extract, column in model.meanings:
            if (extract, column, what) not in words:
                yield f"{model_name}.sql: no value of {extract}.{column} counts as {what}: list one in seeds/vocabulary.csv"
        staged, extracts = set(re.findall(r"\bstg_(\w+)", model.sql)), {e.extract for e in model.events}
        for extract in sorted(staged - extracts if extracts <= contracts.keys() and not model.faults else ()):
            yield f"{model_name}.sql: reads stg_{extract}, and no event says extract='{extract}'"
        for event in model.events:
            yield from _faults_of(event, measures)
        # Which measure an event counts that can't be read is not known.
        counted |= {(e.mart, e.measure) for e in model.events} if not model.faults else measures.keys()
    for mart, name in sorted(measures.keys() - counted):
        if measures[mart, name]["aggregation"] in COUNTED:
            yield f"seeds/measure_list.csv: {name}: no event of {mart.removeprefix('mart_')}_events.sql counts it: always 0"


def _faults_of(event: "_Event", measures: Measures) -> Iterator[str]:
    m = measures.get((event.mart, event.measure))
    if m is None:
        near = suggestion(event.measure, (name for of, name in measures if of == event.mart))
        yield f"{event.model}.sql: {event.measure} is no measure of {event.mart} in seeds/measure_list.csv{near}"
    elif event.extract not in load_contracts():
        yield f"{event.model}.sql: no extract is called {event.extract}{suggestion(event.extract, load_contracts())}"
    elif extract_of(m) != event.extract:
        yield f"{event.model}.sql: {event.measure} counts rows of {event.extract}, and its coverage is of {extract_of(m)}"
    else:
        yield from [*_misplaced(event, m)] or _unasked(event, m)


def _unknown_names(measures: Measures) -> Iterator[str]:
    splits = {f"{x}.{c.name}" for x, contract in load_contracts().items() for c in contract.columns if c.values}
    for (mart, name), m in measures.items():
        row, of_mart = f"seeds/measure_list.csv: {name}", {measure for of, measure in measures if of == mart}
        for name_of in ("coverage", "category_coverage"):
            if m[name_of] or name_of == "coverage":
                yield from (f"{row}: {name_of}: {fault}" for fault in _faults_of_coverage(m[name_of]))
        for part in ("numerator", "denominator"):
            if m[part] and m[part] not in of_mart:
                yield f"{row}: {part}: {m[part]} is no measure of {mart}{suggestion(m[part], of_mart)}"
        if m["split_by"] and m["split_by"] not in splits:
            yield f"{row}: split_by: {m['split_by']} is no column with values{suggestion(m['split_by'], splits)}"


def _faults_of_coverage(text: str) -> Iterator[str]:
    try:
        coverage = read_coverage(text)
    except ValueError as error:
        yield str(error)
        return
    contract = load_contracts().get(coverage.extract)
    if contract is None:
        yield f"no extract is called {coverage.extract}{suggestion(coverage.extract, load_contracts())}"
        return
    columns = {c.name for c in contract.columns}
    for column in sorted(coverage.columns - columns):
        yield f"{coverage.extract} has no column {column}{suggestion(column, columns)}"


def _coverage(measure: Row, name_of: str) -> Coverage:
    """A measure's `coverage`, or its `category_coverage`, which is the same if it names none."""
    return read_coverage(measure[name_of] or measure["coverage"])


@dataclass(frozen=True)
class _Event:
    """An `event(...)` of a model."""

    model: str
    measure: str
    extract: str
    day_words: frozenset[str]
    words: frozenset[str]
    """What its select, and the filters of the queries that this reads, name: columns among them."""
    category_words: frozenset[str]

    @property
    def mart(self) -> str:
        return f"mart_{self.model.removesuffix('_events')}"


@dataclass
class _Model:
    """What a model says. `sql`: in lower case, without its macros, texts and comments."""

    sql: str = ""
    events: list[_Event] = field(default_factory=list)
    meanings: list[tuple[str, str, str]] = field(default_factory=list)
    """Of each `counts_as(...)`: meaning, extract and column."""
    faults: list[str] = field(default_factory=list)
    """What of it can't be read."""


def _read(name: str, template: str) -> _Model:
    """Read a model. Raises TemplateSyntaxError."""
    model, calls = _Model(), list[tuple[str, nodes.Call]]()
    sql = _plain(Environment().parse(template), calls)  # noqa: S701  (no page is made of it)
    model.sql = _NOT_NAMES.sub(" ", sql.lower())
    given: dict[int, dict[str, str]] = {}
    for number, (macro, call) in enumerate(calls):
        names = EVENT if macro == "event" else ("what", "extract", "column")
        values = dict(zip(names, map(_text, call.args), strict=False)) | {k.key: _text(k.value) for k in call.kwargs}
        needed = ("happened", "measure", "extract") if macro == "event" else names
        if missing := [n for n in needed if not values.get(n)]:
            model.faults.append(f"{name}.sql: line {call.lineno}: {macro}(...): write its {' and '.join(missing)} as a text")
        elif macro == "event":
            given[number] = {k: v or "" for k, v in values.items()}
        else:
            model.meanings.append((str(values["what"]), str(values["extract"]), str(values["column"])))
    main, named = _queries(model.sql)
    queries = dict.fromkeys([main, *named.values()])
    selects = [f"select {x}" for query in queries for x in _split(query, r"\bselect\b")[1:]]
    for number, values in given.items():
        select = next((x for x in selects if re.search(rf"\bevent_{number}\b", x)), model.sql)
        day = _words(values["happened"])
        words = _asked(day | _words(values.get("amount", "")), select, named)
        category = _words(values.get("category", "")) - {"all"}
        category = category and _asked(category, select, named)
        model.events.append(_Event(name, values["measure"], values["extract"], day, words, category))
    return model


def _plain(node: nodes.Node, calls: list[tuple[str, nodes.Call]]) -> str:
    """The SQL of a template, in which each `event(...)` is a word `event_0`, with its number among `calls`; of other macros the
    texts that they are given. `calls`: gets each `event(...)` and `counts_as(...)`, with its name."""
    match node:
        case nodes.TemplateData():
            return node.data
        case nodes.Const(value=str() as text):
            return f" {text} "
        case nodes.Call(node=nodes.Name(name="event" | "counts_as" as name)):
            calls.append((name, node))
            return f" event_{len(calls) - 1} " if name == "event" else f" {' '.join(filter(None, map(_text, node.args[2:3])))} "
        case nodes.Call(node=nodes.Name(name="source")):
            return " "
    return "".join(_plain(child, calls) for child in node.iter_child_nodes())


def _text(node: nodes.Node) -> str | None:
    """A text that a macro is given, or what a macro within it is given; None for anything else."""
    match node:
        case nodes.Const(value=str() as text):
            return text
        case nodes.Call(node=nodes.Name(), args=[nodes.Const(value=str() as text)]):
            return text
    return None


def _queries(sql: str) -> tuple[str, dict[str, str]]:
    """The main query of a model, and the queries that it or another one reads, by the names that stand for them there."""
    queries: dict[str, str] = {}
    open_brackets = [""]
    for piece in re.split(r"([()])", sql):
        if piece == "(":
            open_brackets.append("")
        elif piece == ")" and len(open_brackets) > 1:
            inner = open_brackets.pop()
            if _QUERY.match(inner) and _BEFORE_QUERY.search(open_brackets[-1]):
                queries[f"query_{len(queries)}"] = inner
                open_brackets[-1] += f"query_{len(queries) - 1} "
            else:
                open_brackets[-1] += f"({inner})"
        else:
            open_brackets[-1] += piece
    main = "(".join(open_brackets)
    # If it names its columns too, each may be any of what it selects: within brackets, all of that is asked for.
    names = [x for text in (main, *queries.values()) for x in _NAMED.findall(text)]
    return main, queries | {name: f"({queries[query]})" if columns else queries[query] for name, columns, query in names}


def _asked(words: frozenset[str], query: str, named: Mapping[str, str]) -> frozenset[str]:
    """`words`, which a reader of a query asks for, with what they are computed from, what the query reads and filters by, and
    the same of the queries that it reads."""
    head, *selects = _split(query, r"\bselect\b")
    listed, *rest = _split(" ".join(selects), r"(?<!distinct )\bfrom\b")
    text = _words(" ".join([head, *rest]))
    words |= text
    # A column may be computed from one before it.
    for column in reversed(_split(listed, ",")):
        name = re.search(r"(\w+)\W*$", column)
        if name and name[1] in words:
            words |= _words(column)
    for x in named.keys() & text:
        words = _asked(words, named[x], {name: q for name, q in named.items() if q != named[x]})
    return words


def _split(text: str, at: str) -> list[str]:
    """The parts of a text between the matches of a pattern that are not in brackets."""
    parts, depth = [""], 0
    for piece in re.split(rf"([()]|{at})", text):
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and re.fullmatch(at, piece):
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", _NOT_NAMES.sub(" ", text.lower())))


def _misplaced(event: _Event, measure: Row) -> Iterator[str]:
    """A day that no window vouches for, and categories that no list mentions."""
    contract = load_contracts()[event.extract]
    days = event.day_words & {c.name for c in contract.columns}
    if contract.kind == "events" and days and contract.date_column not in days:
        yield (
            f"{event.model}.sql: {event.measure} counts on {' and '.join(sorted(days))}, and files of {event.extract} cover "
            f"days of {contract.date_column}: count on that, or have a whole list sent (kind: list)"
        )
    if event.category_words and not (measure["split_by"] or measure["category_group"]):
        yield (
            f"seeds/measure_list.csv: {event.measure} has categories: say split_by, the contract's list, or category_group, a "
            "name that measures with the same categories share"
        )


def _unasked(event: _Event, measure: Row) -> Iterator[str]:
    """Columns that files may lack, or have blank in every row, and no coverage asks for: such a file would count as 0."""
    contract = load_contracts()[event.extract]
    may_lack = {c.name for c in contract.columns if c.type != "unit"} - contract.never_optional
    asking = {"coverage": event.words}
    if event.category_words:
        asking["category_coverage"] = event.words | event.category_words
    for name_of, words in asking.items():
        coverage = _coverage(measure, name_of)
        if missing := sorted(may_lack & words - coverage.columns):
            yield (
                f"seeds/measure_list.csv: {event.measure}: its {name_of} does not ask for {' and '.join(missing)}, which it "
                f"needs: write `{coverage.with_columns(missing)}`, with / for + between columns of which one is enough"
            )


def _wider_categories(measures: Measures) -> Iterator[str]:
    """Measures whose categories would be 0 where the measure is not available."""
    for m in measures.values():
        whole, by_category = _coverage(m, "coverage"), _coverage(m, "category_coverage")
        if not by_category.is_within(whole):
            yield (
                f"seeds/measure_list.csv: {m['measure']}: its category_coverage `{by_category.name}` does not ask for all that "
                f"its coverage `{whole.name}` asks for: write that, and the columns that only the categories need"
            )


def _rates_of_other_days(measures: Measures) -> Iterator[str]:
    """Rates whose parts are not known for the same files: in a year, one would be of all months and the other of some."""

    def known_for(m: Row, name_of: str) -> object:
        coverage = _coverage(m, name_of)
        return coverage.extract, coverage.available_from, {frozenset(group) for group in coverage.needs}

    for (mart, name), m in measures.items():
        for part in ("numerator", "denominator"):
            other = measures.get((mart, m[part]))
            has_categories = m["aggregation"] == "share" or m["split_by"] or m["category_group"]
            fields = ("coverage", "category_coverage") if has_categories else ("coverage",)
            if other and any(known_for(m, name_of) != known_for(other, name_of) for name_of in fields):
                yield (
                    f"seeds/measure_list.csv: {name}: its {part} {m[part]} has a coverage of other columns or days: give both "
                    f"the same, or make a part of the coverage `{m['coverage']}` that is not published"
                )
