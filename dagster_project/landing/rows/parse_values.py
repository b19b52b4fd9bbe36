"""Canonical forms: what a cell of each type may look like, and the one text that raw stores for it. A force's mapping is
applied first: its codes become the contract's values, its dates canonical. Quarantined cells stay as delivered.

All forms are SQL macros over trimmed text that return NULL for what can't be read. Landing never casts unchecked text: DuckDB's
casts accept `epoch`, `infinity` and `25-01-01` as dates, and `1e5` as an amount.
"""

import re

import duckdb

from dagster_project.contracts import Column
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.sql import literal

from ..mappings.file_name_patterns import FIRST_YEAR, LAST_YEAR
from ..mappings.mapping_fields import split_codes
from ..mappings.mappings import SystemMapping
from ..rows_not_to_count import NOBODY, is_word

_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
_OFFSET = r"(?:[Zz]|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
_DAY = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})"
_MOMENT = rf"^{_DAY}(?:(?:T| +){_TIME}(?: ?{_OFFSET})?)?$"
_WITH_OFFSET = rf":\d{{2}}(?:[.,]\d+)? ?{_OFFSET}$"
# A database writes all decimals of its type, which may be more than the ten that count: 10.500000000000000000.
_NUMBER = r"(?:(?:\d{1,18}|\d{1,3}(?:,\d{3}){1,5})(?:\.\d{0,10}0*)?|\.\d{1,10}0*)"
_MONEY = rf"^(?:[+-]? ?£?|£ ?[+-]?) ?{_NUMBER}$|^(?:\( ?£? ?{_NUMBER} ?\)|£ ?\( ?{_NUMBER} ?\))$"
_PLAIN_NUMBER = r"^[+-]?(?:(?:\d{1,18}|\d{1,3}(?:,\d{3}){1,5})(?:\.\d*)?|\.\d+)(?:[Ee][+-]?\d{1,2})?$"
_WHOLE = r"^\+?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.0*)?$"

MACROS = f"""
-- The text of a moment with UK days turned to ISO and a decimal comma to a point.
create or replace macro pam_moment_text(x) as
    replace(regexp_replace(x, '^(\\d{{1,2}})/(\\d{{1,2}})/(\\d{{4}})', '\\3-\\2-\\1'), ',', '.');

-- London wall time. `utc`: a time without an offset is UTC. A day without a time is not converted.
create or replace macro pam_moment(x, utc) as
    case
        when not regexp_matches(x, '{_MOMENT}') then null
        when regexp_matches(x, '{_WITH_OFFSET}')
            then timezone(
                'Europe/London',
                -- The cast takes no blank before an offset, which SQL Server writes.
                try_cast(regexp_replace(regexp_replace(pam_moment_text(x), '[Zz]$', '+00'), ' +([+-])', '\\1') as timestamptz)
            )
        when utc and contains(x, ':')
            then timezone('Europe/London', try_cast(pam_moment_text(x) || '+00' as timestamptz))
        else try_cast(pam_moment_text(x) as timestamp)
    end;

create or replace macro pam_plausible(x) as
    case when year(x) between {FIRST_YEAR} and {LAST_YEAR} then x end;

-- A text that equals its value's own text is canonical already, but for a `T`: most rows of most files, which then need no
-- regular expression.
create or replace macro pam_timestamp(x, utc) as
    case
        when not utc and cast(pam_plausible(try_cast(x as timestamp)) as varchar) = replace(x, 'T', ' ')
            then left(replace(x, 'T', ' '), 19)
        else left(cast(pam_plausible(pam_moment(x, utc)) as varchar), 19)
    end;

create or replace macro pam_date(x) as
    case
        when cast(pam_plausible(try_cast(x as date)) as varchar) = x then x
        else left(cast(pam_plausible(pam_moment(x, false)) as varchar), 10)
    end;

create or replace macro pam_month(x) as
    case
        when cast(pam_plausible(try_cast(x || '-01' as date)) as varchar) = x || '-01' then x || '-01'
        else left(pam_date(x), 7) || '-01'
    end;

-- Pounds and pence as plain text with at least two places, so that equal amounts are equal texts.
create or replace macro pam_money(x) as
    case
        when regexp_matches(x, '{_MONEY}') then regexp_replace(
            cast(
                try_cast(
                    case when contains(x, '(') then '-' else '' end || regexp_replace(x, '[£,() +]', '', 'g')
                    as decimal(38, 10)
                ) as varchar
            ),
            '0{{1,8}}$', ''
        )
    end;

create or replace macro pam_number(x) as
    case
        when regexp_matches(x, '{_PLAIN_NUMBER}') then regexp_replace(
            cast(try_cast(replace(ltrim(x, '+'), ',', '') as decimal(38, 10)) as varchar), '\\.?0*$', ''
        )
    end;

create or replace macro pam_whole(x) as
    case
        when regexp_matches(x, '{_WHOLE}')
            then cast(try_cast(replace(split_part(ltrim(x, '+'), '.', 1), ',', '') as bigint) as varchar)
    end;

-- Trimmed items without blank ones, joined by `;`. Most lists are so already, and checking is cheaper than replacing.
create or replace macro pam_list(x) as
    case
        when contains(x, ';') and regexp_matches(x, '[\\s\\x{{a0}};];|;[\\s\\x{{a0}}]|^[; ]|[; ]$') then nullif(
            trim(regexp_replace(x, '[\\s\\x{{a0}}]*;[\\s\\x{{a0}};]*', ';', 'g'), '; '), ''
        )
        else x
    end;
"""


def install(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(MACROS)


def canonical(column: Column, trimmed: str, *, utc: bool = False) -> str:
    """SQL for a column's canonical text, from its trimmed text: NULL for blank and for values that can't be read."""
    match column.type:
        case "timestamp":
            return f"pam_timestamp({trimmed}, {'true' if utc else 'false'})"
        case "date" if utc:
            return f"left(pam_timestamp({trimmed}, true), 10)"
        case "date" | "month" | "money" | "number" | "whole" | "list":
            return f"pam_{column.type}({trimmed})"
        case "choice":
            whens = " ".join(f"when {literal(v.lower())} then {literal(v)}" for v in column.values)
            return f"case lower({trimmed}) {whens} end"
        case "text" | "unit":
            pass
    if column.identifier:
        hashed = f"pam_pseudonym({trimmed})"
        return hashed if column.key else f"case when not {is_word(trimmed, NOBODY)} then {hashed} end"
    return trimmed


def compared(column: Column, value: str) -> str:
    """SQL for what tells a column's stored value from that of another row. Lists, units and objects of search, which raw has as
    they were delivered, are told apart without regard to case."""
    return f"lower({value})" if column.type in ("list", "unit") or column.name == "object_of_search" else value


FAULT = {
    "date": "is not a date",
    "timestamp": "is not a date and time",
    "month": "is not a month",
    "money": "is not an amount, or has over 10 decimals",
    "number": "is not a number",
    "whole": "is not a whole number of 0 or more",
    "choice": "is not one of its values",
}
"""By type, the reason for a value without a canonical form. Other types accept any text."""

MONTH_NAME = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
"""A month's short or full name, in lower case."""
_YEAR = r"(?:19|20)\d\d"
MONTH_CELL = (
    rf"^(?:{_YEAR}[-/. ]?(?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/. ]{_YEAR}|{MONTH_NAME}[-/. ,']*(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}[-/. ]*{MONTH_NAME})$"
)
"""What a lower-case cell looks like that says a month and not which day of it: `2026-03`, `mar-26`, `march 2026`."""
MONTH_ALONE = "a month without its day"
"""The reason for such a cell where a day is needed: a row counts on its day, as periods may begin or end within its month."""


def translated(column: Column, trimmed: str, mapping: SystemMapping) -> str:
    """SQL for a cell's text with the force's codes replaced by ours; NULL where the code means a blank."""
    codes = mapping.codes(column)
    text = separated(column.name, trimmed, mapping)
    if not codes:
        return text
    if column.type != "list":
        mapped_sql = _looked_up(codes, f"coalesce({text}, '')")
        return f"nullif(coalesce({mapped_sql}, {text}), '')"
    # A blank item, as after a separator at the end, is left out. Only a cell without items is the blank that has a meaning.
    blank = literal(codes.pop("")) if codes.get("") else "null"
    known = _looked_up(codes, "trim(item)") if codes else "null"
    items = f"list_transform(string_split({text}, ';'), lambda item: coalesce({known}, item))"
    return f"case when pam_list({text}) is null then {blank} else nullif(array_to_string({items}, ';'), '') end"


def separated(column: str, text: str, mapping: SystemMapping) -> str:
    """SQL for a cell's text with the force's separator of items replaced by ours."""
    separator = mapping.separators.get(column)
    return f"replace({text}, {literal(separator)}, ';')" if separator else text


def _looked_up(codes: dict[str, str], text: str) -> str:
    """SQL for our value of a code: the whole code's, else that of the longest prefix that matches, else NULL.

    Whole codes are a literal map: one lookup for each cell, where a CASE of a thousand codes would make a thousand comparisons.
    """
    whole_codes, prefixes = split_codes(codes)
    lookups = []
    if whole_codes:
        keys, values = (", ".join(literal(t) for t in part) for part in (whole_codes, [codes[c] for c in whole_codes]))
        lookups.append(f"map([{keys}], [{values}])[lower({text})]")
    if prefixes:
        rules = (f"starts_with(lower({text}), {literal(p)})" if p else f"{text} <> ''" for p in prefixes)
        whens = " ".join(f"when {rule} then {literal(codes[f'{p}*'])}" for p, rule in zip(prefixes, rules, strict=True))
        lookups.append(f"case {whens} end")
    return f"coalesce({', '.join(lookups)})" if len(lookups) > 1 else lookups[0]


def mapped(column: Column, text: str, mapping: SystemMapping, *, utc: bool) -> str:
    """SQL for a column's canonical text, from its translated text: the mapping's date formats come before the contract's."""
    utc = utc or mapping.times_are_utc
    canonical_sql = canonical(column, text, utc=utc)
    formats = mapping.dates.get(column.name)
    if not formats:
        return canonical_sql
    if any(is_month_first(f) for f in formats):
        # 03/04 is March there: a day that their format does not fit must not be read the UK's way.
        canonical_sql = f"case when not regexp_matches({text}, '^\\d{{1,2}}/\\d{{1,2}}/') then {canonical_sql} end"
    return f"coalesce({', '.join([*(_by_format(column, text, f, utc) for f in formats), canonical_sql])})"


def is_month_first(form: str) -> bool:
    """Whether a format begins with the month, as American dates do."""
    return form.replace("%-", "%").startswith("%m/%d/")


def _by_format(column: Column, text: str, form: str, utc: bool) -> str:
    assert column.type in DATE_TYPES
    moment = f"try_strptime({text}, {literal(form)})"
    if "%z" in form:
        moment = f"timezone('Europe/London', {moment})"
    elif utc and column.type != "month" and re.search("%-?[HI]", form):
        moment = f"timezone('Europe/London', timezone('UTC', {moment}))"
    if column.type == "month":
        return f"left(cast(pam_plausible({moment}) as varchar), 7) || '-01'"
    return f"left(cast(pam_plausible({moment}) as varchar), {19 if column.type == 'timestamp' else 10})"
