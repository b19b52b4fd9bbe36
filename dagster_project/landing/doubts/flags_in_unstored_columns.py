"""Notes what columns that are not stored may say of rows that count: that they are cancelled, inactive or duplicates, that one
stands for several, that they have more qualifiers or themes or are about drugs, or that their cells are not under their
headers."""

import re
from collections.abc import Collection, Iterator

from dagster_project.contracts import Contract, plain_header
from dagster_project.core.home_lists import classifying_columns
from dagster_project.core.plurals import counted
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..rows_not_to_count import FLAG, NO, YES, YES_ALONE, bare_header, is_word
from ..storage.vocabulary import CODE, known_values
from .stored_rows import StoredRows

_CANCELLED = re.compile(
    rf"(is)?(nocrimed?|cancell?ed){FLAG}?|(nocrimed?|cancell?(ed|ation))(on|at|date)|date(nocrimed|cancell?ed)"
)
"""Headers, as `bare_header` writes them, of a column in which a Yes or a day says that a crime no longer stands."""
_ACTIVE = re.compile(rf"(is)?(record|row|entry)?active(record|{FLAG})?|(record|row|entry)(status|state)")
"""Headers of a column in which a No, or `Inactive`, may say that the row was deleted."""
_DUPLICATE = re.compile(rf"(is)?duplicate(of|ref|reference|record|crime|incident|log|id|number|{FLAG})?")
_CLOSED_AS = re.compile(r"(closure|closing|closed?|result|disposal|disposition)(code|reason|type|category|desc|description)?")
"""Headers of a column that says as what a log or a record was closed."""
_DUPLICATED = r"dup(licate)?\b.*|(created|entered|opened|recorded|raised) in error"
_FLAGGED = re.compile(rf"(is)?(?P<what>[a-z]+?)s?(related|involved|search|incident|qualifier|theme|marker)?{FLAG}?")
"""Headers of a column of Yes and No on what counts: `Drugs`, `Is drug-related?`. Not `Drugs found` or `Drug test`."""
_ANY_COUNT = r"(record|row)s?count|count|qty|quantity|volume|frequency|(no\.?|number|count)of(records|rows|ref|id)"
MOST = 0.5
"""Share of the rows: what most rows say is no exception, and an index without a name has a value in all."""


def doubts_from_unstored_columns(rows: StoredRows) -> Iterator[str]:
    """What such columns may say, a sentence for each."""
    file_table = rows.file_table
    if not rows.n or file_table.form != "canonical" or not file_table.key:
        return
    for i, header in file_table.layout.unstored_fields.items():
        # What a mapping leaves rows out by was looked at.
        if header and i not in file_table.layout.ignore_fields.values():
            yield from _no_longer_stands(rows, header, file_table.cell(i))
            yield from _count_of_rows(rows, header, file_table.cell(i))
    yield from _more_items(rows)
    yield from _flags(rows)
    yield from _without_a_name(rows)


def _no_longer_stands(rows: StoredRows, header: str, cell: str) -> Iterator[str]:
    plain, is_no = bare_header(header), is_word(cell, [NO])
    if _CANCELLED.fullmatch(plain) and _has_status(rows.file_table.contract):
        n = _count(rows, f"{is_word(cell, [YES])} and r.status = 'Recorded'")
        if n:
            note = f"{header}: says of {counted(n, 'row')} with the status Recorded that they no longer stand, and they count"
            yield f"{note}: have a mapping read status from it (headers and values)"
        return
    if _ACTIVE.fullmatch(plain) and rows.file_table.contract.kind == "events":
        condition, what = f"({is_no} or lower({cell}) = 'inactive')", "inactive"
    elif _DUPLICATE.fullmatch(plain):
        condition, what = f"{cell} <> '' and not {is_no}", "duplicates"
    elif _CLOSED_AS.fullmatch(plain):
        condition, what = is_word(cell, [_DUPLICATED]), "duplicates or errors"
    else:
        return
    n = _count(rows, condition)
    if 0 < n < MOST * rows.n:
        note = f"{header}: may call {counted(n, 'row')} {what}, and {'it counts' if n == 1 else 'they count'}"
        yield f"{note}: leave such rows out, by table: ignore: in a mapping, if they should not"


def _count_of_rows(rows: StoredRows, header: str, cell: str) -> Iterator[str]:
    """Notes a column that says how many crimes, or whatever a row is, a row stands for."""
    contract = rows.file_table.contract
    if any(c.type == "whole" for c in contract.columns) or not _count_header(contract).fullmatch(plain_header(header)):
        return
    all_counts, n, is_running = one_row(
        rows.con,
        f"""
        select
            bool_and(regexp_full_match(n, '[1-9]\\d{{0,3}}')), count(*) filter (where n <> '1'),
            -- A running number grows from row to row, or has every number, in whatever order.
            count(*) > 1 and (
                bool_and(try_cast(n as int) > try_cast(n_above as int))
                or count(distinct n) = count(*) and max(try_cast(n as int)) = count(*)
            )
        from (select {cell} as n, lag({cell}) over (order by {CELLS}.line) as n_above from {_joined(rows)})
        """,
    )
    if all_counts and n and not is_running:
        note = f"{header}: above 1 in {n:,} of {rows.n:,} rows, and each row counts once"
        yield f"{note}: if a row stands for several, have the system export a row for each"


def _without_a_name(rows: StoredRows) -> Iterator[str]:
    """Notes texts after the last header, in a few rows: a separator in an earlier cell that is not in quotes moves all that
    follows, and an empty last header makes room for it."""
    file_table = rows.file_table
    last = max(file_table.layout.fields)
    after = [i for i, header in file_table.layout.unstored_fields.items() if not header and i > last]
    if not after or rows.load.source_file.lower().endswith((".xlsx", ".parquet")):
        return
    condition = " or ".join(f"{file_table.cell(i)} <> ''" for i in after)
    n, line = one_row(rows.con, f"select count(*), min(line) from {_joined(rows)} where {condition}")
    if 0 < n < MOST * rows.n:
        yield (
            f"{counted(n, 'row')} with a text after the last header, such as line {line}: did a separator in an earlier cell"
            " move what follows into the wrong columns? Have the system put quotes around such cells"
        )


def _more_items(rows: StoredRows) -> Iterator[str]:
    """Notes a second column of qualifiers or themes: rows with Drugs there alone do not count. It has no header where that of
    the first is merged over both."""
    file_table, load = rows.file_table, rows.load
    fields = file_table.layout.unstored_fields
    for c in rows.of_contract if fields else ():
        known = known_values(rows.home, load.force_code, load.extract, c.name) if c.type == "list" else None
        counting = {value for value, counts in (known or {}).items() if counts}
        if not counting:
            continue
        codes = file_table.mapping.values.get(c.name, {})
        texts = counting | {code.lower() for code, value in codes.items() if value.lower() in counting}
        # A first look without the stored rows, as few columns have any.
        says = {i: _has_item(file_table.cell(i), texts) for i in fields}
        found = one_row(rows.con, f"select {', '.join(f'bool_or({s})' for s in says.values())} from {CELLS}")
        for i in (i for i, is_found in zip(says, found, strict=True) if is_found):
            n = _count(rows, f"{says[i]} and not coalesce({_has_item(f'r.{c.name}', counting)}, false)")
            if n:
                what = ", ".join(sorted(value.capitalize() for value in counting))
                name, remedy = (fields[i], "") if fields[i] else (f"column {i + 1}, without a header", "give it a header and ")
                note = f"{name}: is not stored, and has {what} in {counted(n, 'row')} where {c.name} has not: if it is one more"
                yield f"{note} of them, {remedy}add it in a mapping (headers: {c.name}: {{list: [...]}})"


def _flags(rows: StoredRows) -> Iterator[str]:
    """Notes a column of Yes and No such as `Drugs related`: a Yes there does not count."""
    file_table = rows.file_table
    classifying = classifying_columns(file_table.contract.extract)
    for c in rows.of_contract if file_table.layout.unstored_fields else ():
        if c.name not in classifying or c.name == CODE:
            continue
        known = known_values(rows.home, rows.load.force_code, rows.load.extract, c.name) or {}
        counting = {value for value, counts in known.items() if counts}
        for i, header in file_table.layout.unstored_fields.items():
            named = _FLAGGED.fullmatch(bare_header(header))
            what = next((v.capitalize() for v in sorted(counting) if named and v.removesuffix("s") == named["what"]), None)
            if what is None:
                continue
            is_yes = is_word(file_table.cell(i), [YES_ALONE])
            n = _count(rows, f"{is_yes} and not coalesce({_has_item(f'r.{c.name}', counting)}, false)")
            if n:
                remedy = f"have the system write {what} there"
                if c.type == "list":
                    remedy = (
                        f"add it in a mapping (headers: {c.name}: {{list: [...]}}), with its Yes as {what} and its No as ''"
                    )
                note = f"{header}: is not stored, and says Yes in {counted(n, 'row')} where {c.name} does not say {what}"
                yield f"{note}: they do not count as {what}. If they should, {remedy}"


def _has_item(text: str, items: Collection[str]) -> str:
    """SQL that is true where a list has one of these items, in lower case."""
    words = ", ".join(map(literal, sorted(items)))
    return f"list_has_any(list_transform(string_split(lower({text}), ';'), lambda x: trim(x)), [{words}])"


def _has_status(contract: Contract) -> bool:
    return any(c.name == "status" and "Cancelled" in c.values for c in contract.columns)


def _count_header(contract: Contract) -> re.Pattern[str]:
    """Headers that say how many of what the contract counts: `Count`, `Number of offences`, `Crime count`."""
    what = "|".join(re.escape(plain_header(name)).removesuffix("s") for name in (contract.extract, *contract.known_as))
    return re.compile(rf"{_ANY_COUNT}|(no\.?|number|num|count|total)of({what})s?|({what})s?(count|qty|total)")


def _joined(rows: StoredRows) -> str:
    """SQL for the file's cells in rows that are stored."""
    return f"{CELLS} join {rows.table} as r on cast({CELLS}.line as varchar) = cast(r._line as varchar)"


def _count(rows: StoredRows, condition: str) -> int:
    (n,) = one_row(rows.con, f"select count(*) from {_joined(rows)} where {condition}")
    return n
