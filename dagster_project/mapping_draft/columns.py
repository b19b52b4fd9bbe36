"""Finds the header for each column of a contract, and says why.

A header is chosen because the contract knows it, because it is like a name that the contract knows, or because of its cells,
which can also rule it out. Every choice that is not certain has a `check`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dagster_project.contracts import Column, Contract, plain_header
from dagster_project.contracts.model import DATE_TYPES, NUMBER_TYPES
from dagster_project.core.plurals import counted
from dagster_project.core.sql import one_row

from .codes import target_of
from .fields import MAX_CODES, ColumnSource, Fields, Profile, stem_of
from .header_words import ALIKE, GENERAL_NAME, KNOWN, ROLES, SAME_WORDS, likeness, numbered, words

ALIKE_WITH_CELLS = 0.45
"""A header this little alike is chosen, with a check, if its cells are of a kind that no other column has."""

BY_CELLS = 0.5
"""The score of a column that was found by its cells alone."""

MOSTLY_UNIQUE = 0.9
"""From this share of different cells on, a column called `URN` or `Ref` holds the references of records."""

REPEATS = ("repeats a reference in", "blank in")
"""How doubts begin about a key that is blank or repeats."""

OF_A_PERSON = ROLES | {
    "residence", "resident", "home", "casualty", "nominal", "defendant",
    "oic", "investigator", "investigating", "resource", "owner", "owning", "allocated", "assigned", "dealing", "attending",
}  # fmt: skip
"""Words of a header for where a person lives or works, or who deals with it. A row belongs where it happened."""

SEPARATORS = ("|", "^", "~", ",", "/", "+", "&", " - ")

ONE_KIND = DATE_TYPES | {"money", "whole", "choice", "unit"}


@dataclass
class Drafted:
    """A contract column and its source in the file, if there is one. `why`: the reason for the choice. `checks`: what a person
    should look at; empty if it is certain."""

    column: Column
    source: ColumnSource | None = None
    score: float = 0.0
    why: str = ""
    checks: list[str] = field(default_factory=list)


class _Offer(NamedTuple):
    """A possible source of a column, with its score in all, of its header and of its cells."""

    score: float
    header_score: float
    cell_score: float
    column: Column
    source: ColumnSource


def draft_columns(contract: Contract, fields: Fields, known: Mapping[str, Mapping[str, str]]) -> list[Drafted]:
    """The contract's columns, each with its source if one is found. `known`: column -> listed values."""
    drafts = {c.name: Drafted(c) for c in contract.columns}
    offers: list[_Offer] = []
    for column in contract.columns:
        for source in _sources(contract, fields, column):
            header_score = _score_header(column, source)
            if header_score < ALIKE_WITH_CELLS:
                continue
            cell_score = fit(column, source, known[column.name])
            is_enough = header_score >= ALIKE or (cell_score >= 0.9 and column.type in ONE_KIND)
            if cell_score > 0 and is_enough:
                bonus = 0.1 if source.how != "one" else 0.0
                offers.append(_Offer(0.75 * header_score + 0.25 * cell_score + bonus, header_score, cell_score, column, source))
    offers.sort(key=lambda o: -o.score)
    used: set[int] = set()
    for offer in offers:
        drafted, listed = drafts[offer.column.name], known[offer.column.name]
        if drafted.source is not None or used & set(offer.source.indexes):
            continue
        drafted.source, drafted.score = offer.source, min(offer.score, 1.0)
        drafted.why, drafted.checks = _why(offer, listed), _checks(offer, offers, listed)
        used |= set(offer.source.indexes)
    _by_cells(contract, fields, known, drafts, used)
    _share(contract, drafts)
    return list(drafts.values())


def _sources(contract: Contract, fields: Fields, column: Column) -> list[ColumnSource]:
    """What may be a column's source: not the contract's own header for another column, which no mapping may say so."""
    return [
        s for s in fields.sources(column) if s.how != "one" or contract.by_header(s.headers[0]) in (None, column)
    ]  # fmt: skip


def _share(contract: Contract, drafts: dict[str, Drafted]) -> None:
    """Give one header of results to several columns, if the contract says that one code may set them all."""
    members = [drafts[name] for name in contract.told_together]
    with_source = [(d.column, d.source) for d in members if d.source]
    if len(with_source) != 1 or not {"result", "outcome"} & set(words(with_source[0][1].headers[0])):
        return
    ((column, source),) = with_source
    codes = source.profile.codes
    if sum(target_of(column, code) is None for code, _ in codes) < 2:
        return
    for member in members:
        member.checks.append(
            f"one code of {_quoted(source)} may set {', '.join(contract.told_together)}: say what each code means for each"
        )
        if member.source is None:
            member.source, member.score, member.why = source, BY_CELLS, "no header of its own"


def _score_header(column: Column, source: ColumnSource) -> float:
    if source.how == "list":
        stem = numbered(source.headers[0])
        return likeness(column, stem[0]) if stem else 0.0
    if source.how == "join":
        if source.between == "/":
            return KNOWN
        day, time = source.headers
        together = [day, f"{day} time", " ".join([*stem_of(day), "date", "time"]), *([time] if stem_of(time) else [])]
        return max(likeness(column, h) for h in together)
    return likeness(column, source.headers[0])


def fit(column: Column, source: ColumnSource, known: Mapping[str, str]) -> float:
    """How well the cells fit the column, 0 to 1; 0 rules the header out. A column's own name lands in any case, so few cells
    need to fit."""
    profile, cells = source.profile, source.profile.basics
    is_own = source.how == "one" and plain_header(source.headers[0]) in column.headers
    if cells.filled == 0:
        return 0.3 if not column.key and not column.places_row else 0.0
    if column.type in DATE_TYPES:
        if profile.dates.share < (0.3 if is_own else 0.6):
            return 0.0
        return profile.dates.share * (0.8 if column.type == "timestamp" and not profile.dates.has_time else 1)
    if column.type in NUMBER_TYPES:
        share = profile.share(cells.whole if column.type == "whole" else cells.money)
        return share if share >= (0.3 if is_own else 0.8) else 0.0
    if profile.is_date or profile.is_time:
        return 0.0
    if column.key or column.identifier:
        if "amount" in words(source.headers[0]) or profile.share(cells.pounds) >= 0.5:
            return 0.0
        if not column.key:
            # The same person or address may appear often.
            return 0.6 if cells.longest <= 60 else 0.0
        unique = cells.distinct / cells.filled
        return 0.0 if cells.longest > 60 or cells.filled < 0.5 * profile.rows or unique < 0.5 else 0.5 + 0.5 * unique
    if column.type == "choice":
        return _fits_choice(column, profile)
    if column.type == "unit":
        if profile.is_unique and profile.rows > 20:
            return 0.0
        return 0.6 + (0.0 if is_of_a_person(source) else 0.4 * profile.share_of(known.keys()))
    if column.type == "list":
        return 0.6
    # Text: one that differs in every row is a reference, not a column that figures are split by.
    return 0.2 if profile.is_unique and profile.rows > 50 else 0.6


def is_ruled_out(column: Column, source: ColumnSource) -> bool:
    """Whether what a header's cells hold rules it out for a column, and not that they are blank."""
    profile = source.profile
    is_blank = profile.basics.filled < (0.5 * profile.rows if column.key else 1)
    return not is_blank and fit(column, source, {}) == 0


def _fits_choice(column: Column, profile: Profile) -> float:
    if profile.basics.distinct > MAX_CODES or (profile.is_unique and profile.rows > 20):
        return 0.0
    known_rows = sum(rows for code, rows in profile.codes if target_of(column, code))
    return 0.5 + 0.5 * profile.share(known_rows)


def _why(offer: _Offer, known: Mapping[str, str]) -> str:
    is_known = offer.header_score in (KNOWN, GENERAL_NAME)
    name = "a known name" if is_known else "the same words" if offer.header_score >= SAME_WORDS else "a similar name"
    cells = _cells_in_words(offer.column, offer.source, known)
    return f"{name}; {cells}" if cells else name


def percent(share: float) -> str:
    """A share as text, rounded down: only all cells are 100%."""
    return f"{int(share * 1000) / 10:g}%"


def _cells_in_words(column: Column, source: ColumnSource, known: Mapping[str, str]) -> str:
    profile, cells = source.profile, source.profile.basics
    if cells.filled == 0:
        return "blank in every row"
    if column.type in DATE_TYPES:
        return f"{percent(profile.dates.share)} dates{' and times' if profile.dates.has_time else ''}"
    if column.type in NUMBER_TYPES:
        return f"{percent(profile.share(cells.whole if column.type == 'whole' else cells.money))} amounts"
    if column.key:
        return "a different value in every row" if profile.is_unique else f"{cells.distinct:,} values in {cells.filled:,} rows"
    if column.identifier:
        return "hashed before anything is stored"
    if column.type == "unit" and known:
        return f"{percent(profile.share_of(known.keys()))} in the list of areas"
    return counted(cells.distinct, "value") if cells.distinct <= MAX_CODES else ""


def _is_proven(column: Column, source: ColumnSource, known: Mapping[str, str]) -> bool:
    """Whether the cells alone prove the column: units of the force's list, or only codes of the column's list."""
    if column.type == "unit":
        return source.profile.share_of(known.keys()) >= 0.8
    if column.type != "choice" or set(column.values) == {"Y", "N"}:
        return False
    return source.profile.basics.distinct > 1 and _fits_choice(column, source.profile) == 1


def _checks(offer: _Offer, offers: list[_Offer], known: Mapping[str, str]) -> list[str]:
    column, source, header_score = offer.column, offer.source, offer.header_score
    checks = [source.doubt] if source.doubt else []
    if column.type == "unit" and is_of_a_person(source):
        checks.append(f"{_quoted(source)} may be where a person lives or works, or who deals with it, not where it happened")
    # Cells that are Positive or Negative prove none of the three columns that have these values.
    has_its_own = not column.values or all(o.column is column or o.column.values != column.values for o in offers)
    if header_score < SAME_WORDS and not (has_its_own and _is_proven(column, source, known)):
        checks.append("a general name" if header_score == GENERAL_NAME else "the name is only similar to a known one")
    own_indexes = set(source.indexes)
    rivals = (
        o.source for o in offers
        if o.column is column and o.source is not source and o.header_score >= min(header_score, SAME_WORDS)
        and not own_indexes & set(o.source.indexes) and not any(p.source is o.source and p.score > o.score for p in offers)
    )  # fmt: skip
    if rival := next(rivals, None) or _other_field(column, source, offers, known):
        checks.append(f"{_quoted(rival)} would do as well")
    other_columns = (
        o.column.name for o in offers
        if o.source is source and o.column is not column and o.header_score >= max(header_score, SAME_WORDS)
    )  # fmt: skip
    if other_column := next(other_columns, None):
        checks.append(f"{_quoted(source)} could also be {other_column}")
    if column.type == "unit" and known and (share := source.profile.share_of(known.keys())) < 0.5:
        checks.append(f"only {percent(share)} of its cells are in the list of areas")
    if column.type == "unit" and not known:
        checks.append("no list has this force's units: they count as Not recorded until seeds/areas.csv of the home has them")
    return checks + cell_doubts(column, source)


def _other_field(column: Column, source: ColumnSource, offers: list[_Offer], known: Mapping[str, str]) -> ColumnSource | None:
    """Another field of the column's kind with a similar name: `Final Grade` as well as `Initial Grade`, another beat."""
    core = set(words(column.name)) - {"ref", "date", "time", "code", "value"}
    own_indexes = set(source.indexes)
    for offer in offers:
        rival = offer.source
        if offer.column is not column or rival.how != "one" or own_indexes & set(rival.indexes):
            continue
        # It has another column's name.
        if any(o.source is rival and o.column is not column and o.header_score >= SAME_WORDS for o in offers):
            continue
        if column.type == "unit":
            share = source.profile.share_of(known.keys())
            alike_cells = bool(known) and rival.profile.share_of(known.keys()) >= 0.8 * share > 0
        else:
            alike_cells = column.type in ONE_KIND and offer.cell_score >= 0.5 and not core.isdisjoint(words(rival.headers[0]))
        if alike_cells:
            return rival
    return None


def is_of_a_person(source: ColumnSource) -> bool:
    """Whether a header is about a person: `Victim District`."""
    return not OF_A_PERSON.isdisjoint(word.rstrip("s") for word in words(" ".join(source.headers)))


def cell_doubts(column: Column, source: ColumnSource) -> list[str]:
    """What is unusual about the cells, whatever the header."""
    profile, cells = source.profile, source.profile.basics
    doubts: list[str] = []
    if cells.filled == 0:
        return ["blank in every row"]
    if column.type in DATE_TYPES:
        if profile.dates.doubt:
            doubts.append(profile.dates.doubt)
        if profile.dates.share < 1:
            doubts.append(f"only {percent(profile.dates.share)} of its cells are dates in this form")
        if column.type == "timestamp" and not profile.dates.has_time:
            doubts.append("no times of day")
    if column.type in NUMBER_TYPES and (n := cells.whole if column.type == "whole" else cells.money) < cells.filled:
        doubts.append(f"{cells.filled - n:,} of its cells are no amounts: they are quarantined unless values makes them blank")
    if column.type == "choice" and not any(target_of(column, code) for code, _ in profile.codes):
        doubts.append("none of its codes is known")
    if column.key and not profile.is_unique:
        repeats = cells.filled - cells.distinct
        doubt, n = (REPEATS[0], repeats) if repeats else (REPEATS[1], profile.rows - cells.filled)
        doubts.append(f"{doubt} {counted(n, 'row')}")
    return doubts


def label_of(source: ColumnSource) -> str:
    """A source's name for a person: one header, or several joined with a plus."""
    return " + ".join(source.headers)


def _quoted(source: ColumnSource) -> str:
    return " and ".join(f"'{h}'" for h in source.headers)


def _by_cells(
    contract: Contract, fields: Fields, known: Mapping[str, Mapping[str, str]], drafts: dict[str, Drafted], used: set[int]
) -> None:
    """Find columns without a matching header, if only one header has cells of their kind. Always with a check."""
    for column in contract.columns:
        if drafts[column.name].source is not None or column.identifier:
            continue
        free = [s for s in _sources(contract, fields, column) if not used & set(s.indexes)]
        likely = [s for s in free if _has_cells_of(column, s, known[column.name])]
        # A day with its time is better than the day alone.
        likely = [s for s in likely if s.how != "one"] or likely
        if not likely or (len(likely) > 1 and not column.key):
            continue
        source = likely[0]
        drafted = drafts[column.name]
        drafted.source, drafted.score = source, BY_CELLS
        drafted.why = f"no known name; {_cells_in_words(column, source, known[column.name])}"
        drafted.checks = ["recognised by its cells alone", *cell_doubts(column, source)]
        used |= set(source.indexes)


def _has_cells_of(column: Column, source: ColumnSource, known: Mapping[str, str]) -> bool:
    profile, cells = source.profile, source.profile.basics
    if cells.filled == 0:
        return False
    if column.type in DATE_TYPES:
        return column.places_row and profile.is_date and cells.filled == profile.rows
    if column.key:
        # `URN` or `Ref` alone is a reference of something: an export that has a record twice still names its records by it.
        is_bare = [words(h) for h in source.headers] == [("ref",)] and cells.distinct >= MOSTLY_UNIQUE * profile.rows
        return (profile.is_unique or is_bare) and not profile.is_date and not profile.is_time and cells.longest <= 40
    if column.type == "choice":
        targets = {t for code, _ in profile.codes if (t := target_of(column, code))}
        return set(column.values) != {"Y", "N"} and len(targets) > 1 and _fits_choice(column, profile) >= 0.75
    if column.type == "unit":
        return profile.share_of(known.keys()) >= 0.6 and not is_of_a_person(source)
    if column.type == "list" and known:
        items = profile.items(";")
        listed = sum(n for item, n in items if item.lower() in known)
        return source.how == "list" and listed > 0 and listed >= 0.5 * sum(n for _, n in items)
    return False


def separator_of(profile: Profile, known: Mapping[str, str]) -> tuple[str, str]:
    """The separator of a list column's items if it is not `;`, and why a person should check it (blank: no need)."""
    counts_sql = ", ".join(f"count(*) filter (where contains({profile.text}, '{s}'))" for s in (";", *SEPARATORS))
    semicolons, *counts = one_row(profile.con, f"select {counts_sql} from draft_rows")
    for separator, n in zip(SEPARATORS, counts, strict=True):
        if not n or semicolons:
            continue
        items = [item for item, _ in profile.items(separator)]
        whole_cells = {code.lower() for code, _ in profile.items(";")}
        alone = sum(i.lower() in whole_cells or i.lower() in known for i in items)
        is_certain = separator in "|^~" or alone == len(items)
        if is_certain or alone >= len(items) / 2:
            return separator, "" if is_certain else f"items are taken to be separated by '{separator}'"
    return "", ""
