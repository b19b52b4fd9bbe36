"""Drafts a mapping from a file, and lists what a person must still decide."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from dagster_project.contracts import Contract, load_contracts, plain_header
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.home import Home
from dagster_project.core.home_lists import classifying_columns, read_own_list
from dagster_project.core.plurals import list_first
from dagster_project.core.project_lists import force_names
from dagster_project.core.similar_names import closest_names, suggestion
from dagster_project.core.sql import one_row
from dagster_project.landing import read_ledger
from dagster_project.landing.inbox.file_names import name_problem
from dagster_project.landing.opening.column_drift import likely_renames
from dagster_project.landing.rows.parse_values import MONTH_ALONE
from dagster_project.serving.typed_names import force_named

from .codes import Code, choice_codes, known_values, listed_codes
from .columns import BY_CELLS, REPEATS, Drafted, draft_columns, is_ruled_out, label_of, separator_of
from .fields import Fields
from .file_names import NameRule, draft_name
from .header_words import GENERAL_NAME, likeness, words
from .tables import ROWS, DraftError, ExportTable, ExtraRow, ignore_glob, open_table, remove_extra_rows

CLOSE_SCORES = 0.12
"""Two extracts with a smaller difference of scores are both likely."""
NAME_BONUS = 0.2
"""Added to an extract's score, of 1, for its name in the file's name, sheet or title."""
ALL_USED_BONUS = 0.35
"""Added to an extract's score if it uses every header of the file."""
SEVERAL_ROWS = 10
SEVERAL_SHARE = 0.01
"""Records, and the share of them, with several rows that differ in a list column: its items are each in a row."""
BY_HAND = "chosen by hand"
"""Why a column has its source, or none, if a person said so."""


@dataclass
class Draft:
    """A drafted mapping. `columns`: one for each of the contract's, in its order. `fields`: the file's. `codes`: column ->
    codes in the file.

    `separators`: list column -> separator of its items. `ignore`: column -> globs of rows that are not records. `row_for_each`:
    the list column for each item of which a record has a row, and how many records have several. `window`: first and last day
    of the rows, if they have dates. `unplaced`: what a person must decide of rows that are not records but that no
    column can identify.
    """

    path: Path
    table: ExportTable
    contract: Contract
    force: str | None
    rows: int
    columns: list[Drafted]
    fields: Fields
    codes: dict[str, list[Code]] = field(default_factory=dict)
    separators: dict[str, str] = field(default_factory=dict)
    ignore: dict[str, list[str]] = field(default_factory=dict)
    extra_rows: int = 0
    row_for_each: tuple[str, int] | None = None
    name: NameRule | None = None
    window: tuple[date | None, date | None] = (None, None)
    checks: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)

    @property
    def not_stored(self) -> list[str]:
        used = {h for d in self.columns if d.source for h in d.source.headers}
        return [h for h in self.table.headers if h and h not in used]

    @property
    def missing(self) -> list[Drafted]:
        """Columns of the contract without a source in the file."""
        return [d for d in self.columns if d.source is None]

    @property
    def likely(self) -> dict[str, str]:
        """Required columns without a source -> the header that may be theirs, as the reason for a refusal says it."""
        names = {d.column.name: [d.column.name, *d.column.aliases] for d in self.missing if d.column.required}
        # A refusal also pairs the only column and the only header that are left, however unlike.
        return {
            column: header for column, header in likely_renames(names, self.not_stored).items()
            if column not in self.months
            and (closest_names(header, names[column]) or any(set(words(header)) & set(words(name)) for name in names[column]))
        }  # fmt: skip

    @property
    def months(self) -> dict[str, str]:
        """Columns of days without a source -> the header that says their month alone: one of their name, or for the day that
        places a row any."""
        not_stored = self.not_stored
        free = [s.headers[0] for s in self.fields.singles if s.headers[0] in not_stored and s.profile.dates.is_month]
        header_of = {}
        for column in (d.column for d in self.missing if d.column.type in ("date", "timestamp") and d.why != BY_HAND):
            matches = [h for h in free if likeness(column, h) >= GENERAL_NAME]
            if headers := matches or (free if column.places_row else []):
                header_of[column.name] = headers[0]
        return header_of

    @property
    def unfit(self) -> dict[str, str]:
        """Columns without a source -> the header that has a name of theirs, but not only their cells: `ongoing` and `n/a`
        among days of closing. Not those that a person left without one."""
        not_stored = self.not_stored
        free = [(s.headers[0], s) for s in self.fields.singles if s.headers[0] in not_stored]
        names = {
            d.column.name: [h for h, s in free if likeness(d.column, h) >= GENERAL_NAME and is_ruled_out(d.column, s)]
            for d in self.missing if d.why != BY_HAND and d.column.name not in self.months
        }  # fmt: skip
        return {column: headers[0] for column, headers in names.items() if headers}

    def _why_unfit(self, name: str, header: str) -> str:
        """Why the cells of a header do not fit a column of its name, and what to do."""
        column = self.contract.column(name)
        if column.key:
            return "most of its cells repeat or are blank: each record needs a reference of its own"
        profile = next(s.profile for s in self.fields.singles if s.headers[0] == header)
        if column.type in DATE_TYPES and profile.dates.instead:
            return f"it has {profile.dates.instead}"
        days = ", say under dates how its days are written," if column.type in DATE_TYPES else ","
        return (
            f"not all of its cells fit: to use it, take off the # of its line under headers{days} and under values give a"
            " blank to each text that does not fit"
        )

    @property
    def open_points(self) -> list[str]:
        """What a person must decide, a sentence each."""
        points = list(self.unplaced)
        likely, unfit, months = self.likely, self.unfit, self.months
        if self.name and self.force is None:
            points.append("forces: which force the files are from: give --force, or write the force's code")
        for repeated in sorted(self.fields.repeated):
            points.append(f"headers: '{repeated}' appears twice, so no column can use it: rename one at the source")
        for column in (drafted.column for drafted in self.missing):
            if not column.required or column.name in unfit or column.name in months:
                continue
            point = f"headers.{column.name}: no header is {column.description[0].lower()}{column.description[1:]}"
            if header := likely.get(column.name):
                point += f"; perhaps '{header}' is: look at it, and take off the # of its line under headers if it is"
            elif column.values:
                point += f"; if all rows are one of {', '.join(column.values)}, set it under constants"
            needed = column.name in self.contract.never_optional
            lacks = "" if needed else "; if the system has none, list it under optional: what it tells is then not available"
            points.append(f"{point}. The files are refused without it{lacks}")
        points += [
            f"headers.{name}: '{header}' has its name, but {self._why_unfit(name, header)}. "
            + ("The files are refused without it" if self.contract.column(name).required else "It is not stored until then")
            for name, header in unfit.items()
        ]
        points += [
            f"headers.{name}: '{header}' says {MONTH_ALONE}, and rows count by their day: have the system export it. A"
            " spreadsheet may only hide it: show the column as dd/mm/yyyy and save again"
            + (". No row loads without it" if self.contract.column(name).required else "")
            for name, header in months.items()
        ]
        for column in (drafted.column for drafted in self.columns):
            undecided = sum(c.target is None for c in self.codes.get(column.name, []))
            if undecided and column.type == "choice":
                is_one = undecided == 1
                points.append(
                    f"values.{column.name}: {undecided} {'code has' if is_one else 'codes have'} no meaning yet"
                    f" (one of {', '.join(column.values)}): rows with {'it' if is_one else 'them'} are quarantined until then"
                )
        return points


def draft_mapping(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    path: Path,
    extract: str | None = None,
    force: str | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Draft:
    """Draft the mapping of one file. `chosen`: column -> header that a person picked (blank: none). Raises DraftError,
    UnknownNameError, OSError."""
    contracts = load_contracts()
    if extract is not None and extract not in contracts:
        extracts = ", ".join(contracts)
        raise DraftError(f"no contract is called '{extract}'{suggestion(extract, contracts)} (there are {extracts})")
    force = _force(home, path, force)
    table = open_table(con, home, path, _header_score(contracts if extract is None else {extract: contracts[extract]}))
    extra = remove_extra_rows(con, len(table.headers))
    rows = one_row(con, f"select count(*) from {ROWS}")[0]
    if rows == 0:
        raise DraftError(f"{path.name}: the table has a header but no rows to recognise its columns by")
    fields = Fields(con, table.headers, rows)
    known = {
        name: {c.name: known_values(home, contract, c, force) for c in contract.columns}
        for name, contract in contracts.items() if extract in (None, name)
    }  # fmt: skip
    checks: list[str] = []
    if extract is None:
        _refuse_download(path, table, force)
        extract = _recognised(path, table, fields, known, checks)
    contract = contracts[extract]
    drafted = draft_columns(contract, fields, known[extract])
    for name, header in (chosen or {}).items():
        _choose(contract, fields, drafted, name, header)
    draft = Draft(path, table, contract, force, rows, drafted, fields, checks=checks)
    _fill_codes(draft, known[extract])
    _fill_ignore(con, draft, extra)
    _fill_row_for_each(con, draft)
    _fill_name(con, draft)
    _check_other_sheets(draft)
    return draft


def _check_other_sheets(draft: Draft) -> None:
    headers = {h for d in draft.columns if d.source and d.column.required for h in d.source.headers}
    if headers and (alike := draft.table.sheets_with(headers)):
        names = ", ".join(f"'{sheet}'" for sheet in alike)
        have = "has" if len(alike) == 1 else "have"
        draft.checks.append(
            f"table.sheet: {names} {have} the same columns, and only '{draft.table.sheet}' is read:"
            " if there are other records, put all on one sheet, or save each as a file of its own"
        )


def _force(home: Home, path: Path, force: str | None) -> str | None:
    if force is not None:
        return force_named(force)
    in_name = set(words(path.stem))
    forces_named = [code for code in force_names() if set(words(code)) <= in_name]
    if forces_named:
        return forces_named[0] if len(forces_named) == 1 else None
    likely = {e.force_code for e in read_ledger(home) if e.force_code}
    likely = likely or {row[0] for row in read_own_list(home.seeds / "areas.csv")}
    return likely.pop() if len(likely) == 1 else None


def _header_score(contracts: Mapping[str, Contract]) -> Callable[[list[str]], float]:
    """A function that scores how much a row looks like a header: names that contracts know, text, and no numbers."""
    names = {
        frozenset(words(n)) for contract in contracts.values() for c in contract.columns
        for n in (c.name, *c.aliases, *c.synonyms)
    }  # fmt: skip

    def score(row: list[str]) -> float:
        cells = [c for c in row if c]
        if len(cells) < 2:
            return 0.0
        n_known = sum(frozenset(words(c)) in names for c in cells)
        figures = sum(bool(re.fullmatch(r"[£\d.,:/ -]+", c)) or len(c) > 60 for c in cells)
        n_repeated = len(cells) - len({plain_header(c) for c in cells})
        return 3 * n_known + 0.5 * (len(cells) - figures) - 2 * figures - n_repeated

    return score


def _recognised(
    path: Path, table: ExportTable, fields: Fields, known: Mapping[str, Mapping[str, Mapping[str, str]]], checks: list[str]
) -> str:
    """The extract that fits the file best. Raises DraftError if none fits."""
    titles = f" {' '.join(words(' '.join([path.stem, table.sheet or '', *table.above])))} "
    scores = list[tuple[float, str]]()
    named = set[str]()
    for name, contract in load_contracts().items():
        if contract.kind in ("indicators", "monthly_file"):
            continue
        columns = draft_columns(contract, fields, known[name])
        required = [_evidence(d) for d in columns if d.column.required]
        optional = [_evidence(d) for d in columns if not d.column.required]
        has_date = any(d.source for d in columns if d.column.places_row)
        share = (sum(required) + 0.4 * sum(optional)) / (len(required) + 0.4 * len(optional))
        is_named = any(f" {' '.join(words(k))} " in titles for k in (name, *contract.known_as))
        # Of two contracts that fit equally, the one that uses more of the file.
        used = len({i for d in columns if d.source for i in d.source.indexes}) / max(len(fields.singles), 1)
        named |= {name} if is_named else set()
        scores.append(((share + ALL_USED_BONUS * used) * (1 if has_date else 0.5) + (NAME_BONUS if is_named else 0), name))
    scores.sort(reverse=True)
    (best, name), (second, other_name) = scores[:2]
    if best < 0.4:
        raise DraftError(
            f"{path.name}: its headers ({', '.join(h for h in table.headers[:12] if h)}) fit no extract: "
            f"name it with --extract, one of {', '.join(load_contracts())}"
        )
    if best - second < CLOSE_SCORES:
        if other_name in named and name not in named:
            # A file called Incidents that lacks their qualifiers is refused, and not counted as what needs few columns.
            name, other_name = other_name, name
        checks.append(f"extract: {other_name} is as likely: choose with --extract")
    return name


def _refuse_download(path: Path, table: ExportTable, force: str | None) -> None:
    """Raises DraftError for a download of indicators, which needs a name and no mapping."""
    headers = {plain_header(h) for h in table.headers}
    for name, contract in load_contracts().items():
        if contract.kind == "indicators" and all(
            any(plain_header(h) in headers for h in c.headers) for c in contract.columns if c.required
        ):
            today = datetime.now(UTC)
            window = f"{today:%Y}-01-01__{today:%Y-%m-%d}__{today:%Y%m%d}T000000Z"
            raise DraftError(
                f"{path.name}: its headers are those of {name}, which needs no mapping: call it after force, days and day of"
                f" download, such as {name}__{force or 'derbyshire'}__{window}{table.container}"
            )


def _evidence(drafted: Drafted) -> float:
    """How much a column speaks for its extract, of 1. Cells alone say little: every extract has a reference and a date."""
    if drafted.source is None:
        return 0.0
    return 0.2 if drafted.score <= BY_CELLS else drafted.score


def _choose(contract: Contract, fields: Fields, drafted: list[Drafted], name: str, header: str) -> None:
    """Give a column the header that a person picked. Several columns may then have the same header."""
    chosen = next(d for d in drafted if d.column.name == name)
    sources = fields.sources(contract.column(name))
    picked = next((s for s in sources if label_of(s) == header), None)
    if header and picked is None:
        raise DraftError(f"{name}: the file has no header '{header}'")
    if (chosen.source and label_of(chosen.source)) != (header or None):
        chosen.source, chosen.score, chosen.why = picked, 1.0 if picked else 0.0, BY_HAND
        chosen.checks = []


def _fill_codes(draft: Draft, known: Mapping[str, Mapping[str, str]]) -> None:
    uses = Counter(i for d in draft.columns if d.source for i in d.source.indexes)
    for drafted in draft.columns:
        column, source = drafted.column, drafted.source
        if source is None or column.identifier or column.key:
            continue
        if column.type == "choice":
            draft.codes[column.name] = choice_codes(column, source.profile.codes)
        elif column.type == "list":
            separator, doubt = separator_of(source.profile, known[column.name]) if source.how == "one" else ("", "")
            if separator:
                draft.separators[column.name] = separator
            if doubt:
                drafted.checks.append(doubt)
            draft.codes[column.name] = listed_codes(column, known[column.name], source.profile.items(separator or ";"))
        elif column.name in classifying_columns(draft.contract.extract) or (column.type == "unit" and known[column.name]):
            draft.codes[column.name] = listed_codes(column, known[column.name], source.profile.codes)
        if any(uses[i] > 1 for i in source.indexes):
            # A code that says several things means one thing to each column: its looks say nothing.
            draft.codes[column.name] = [replace(c, perhaps="") for c in draft.codes.get(column.name, [])]


def _fill_ignore(con: duckdb.DuckDBPyConnection, draft: Draft, extra: list[ExtraRow]) -> None:
    draft.extra_rows = len(extra)
    places: dict[int, Drafted] = {}
    # A column of this field alone, if there is one.
    for is_alone in (True, False):
        for drafted in draft.columns:
            if drafted.source and (drafted.source.how == "one") is is_alone:
                places.setdefault(drafted.source.indexes[0], drafted)
    unplaced: list[str] = []
    for row in extra:
        place = places.get(row.index)
        # A single cell may be a person's name: it never goes into a mapping, and no row is left out because of it.
        if place is None or not row.is_certain:
            unplaced.append(f"line {row.line}")
            continue
        glob = ignore_glob(con, row)
        globs = draft.ignore.setdefault(place.column.name, [])
        if glob.lower() not in [g.lower() for g in globs]:
            globs.append(glob)
    if unplaced:
        shown = list_first(unplaced, 5)
        draft.unplaced.append(f"table.ignore: {shown}: not a record, but no contract column shows it: quarantined")


def _fill_row_for_each(con: duckdb.DuckDBPyConnection, draft: Draft) -> None:
    sources = {d.column.name: d.source.profile.text for d in draft.columns if d.source}
    lists = [d.column.name for d in draft.columns if d.source and d.column.type == "list" and d.source.how == "one"]
    if not lists or not draft.contract.key or not sources.keys() >= set(draft.contract.key):
        return
    key = " || ".join(sources[name] for name in draft.contract.key)
    for name in lists:
        # Rows that differ in another column of the file, such as a day of change, may be versions of a record.
        other_texts = [s.profile.text for s in draft.fields.singles if s.profile.text != sources[name]]
        is_rest_same = " and ".join(f"count(distinct {text}) <= 1" for text in other_texts)
        # A row without a key that says more is a record of its own.
        is_own = f"{key} is null and coalesce({', '.join(other_texts)}) is not null"
        n_several, all_keys, n_without_key = one_row(
            con,
            f"""
            with keyed as (
                select *, {is_own} as is_own, case when {is_own} then chr(1) || line else {key} end as own_key from {ROWS}
            ),
            placed as (select *, last_value(own_key ignore nulls) over (order by line) as record from keyed),
            records as (
                select count(distinct {sources[name]}) > 1 and {is_rest_same} as is_several, bool_or(is_own) as is_own
                from placed group by record
            )
            select count(*) filter (where is_several), count(*), count(*) filter (where is_own) from records
            """,
        )
        if n_several >= SEVERAL_ROWS and n_several >= SEVERAL_SHARE * all_keys:
            for drafted in draft.columns:
                if drafted.column.key and not n_without_key:
                    # That references repeat or are blank is what such a file has.
                    drafted.checks = [c for c in drafted.checks if not c.startswith(REPEATS)]
                elif drafted.column.name == name:
                    drafted.checks.append(f"{n_several:,} records have several rows, which become one with the items of all")
            draft.row_for_each = name, n_several
            return


def _fill_name(con: duckdb.DuckDBPyConnection, draft: Draft) -> None:
    placing = next((d for d in draft.columns if d.column.places_row), None)
    if placing and placing.source and placing.source.profile.dates.share:
        draft.window = window_of(con, placing)
    if name_problem(draft.path.name, load_contracts(), force_names()) is not None:
        saved_on = datetime.fromtimestamp(draft.path.stat().st_mtime, UTC).date()
        draft.name = draft_name(draft.path.name, *draft.window, saved_on)
        if draft.contract.kind == "list" and draft.name.covers:
            doubt = "a whole list is of its export's day, not of its rows' days: put {from:...} and {to:...} in the name"
            draft.name = replace(draft.name, doubt=doubt)


def window_of(con: duckdb.DuckDBPyConnection, placing: Drafted) -> tuple[date | None, date | None]:
    assert placing.source
    text, form = placing.source.profile.text, placing.source.profile.dates
    # As when a file lands: `%Y` would read `24/09/26` as the year 24.
    reads = [f"pam_plausible(try_strptime({text}, '{f}'))" for f in form.formats]
    reads += [f"try_cast(pam_timestamp({text}, false) as timestamp)"]
    days = f"select cast(coalesce({', '.join(reads)}) as date) as d from {ROWS}"
    return one_row(con, f"select min(d), max(d) from ({days})")
