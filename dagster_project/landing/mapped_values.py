"""Applies a force's mapping to cells, in SQL: its codes become the contract's values, its dates canonical.

A cell's trimmed text is first translated, then given its canonical form. Quarantined cells stay as delivered.
"""

import re

from dagster_project.contracts import Column
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.sql import literal

from .canonical_values import canonical
from .mapping_fields import split_codes
from .mappings import SystemMapping


def translated(column: Column, trimmed: str, mapping: SystemMapping | None) -> str:
    """SQL for a cell's text with the force's codes replaced by ours; NULL where the code means a blank."""
    if mapping is None:
        return trimmed
    codes = mapping.codes(column)
    separator = mapping.separators.get(column.name)
    text = f"replace({trimmed}, {literal(separator)}, ';')" if separator else trimmed
    if not codes:
        return text
    if column.type != "list":
        ours = _looked_up(codes, f"coalesce({text}, '')")
        return f"nullif(coalesce({ours}, {text}), '')"
    item = "trim(item)"
    items = f"list_transform(string_split({text}, ';'), lambda item: coalesce({_looked_up(codes, item)}, item))"
    blank = literal(codes[""]) if codes.get("") else "null"
    return f"coalesce(nullif(array_to_string({items}, ';'), ''), {blank})"


def _looked_up(codes: dict[str, str], text: str) -> str:
    """SQL for our value of a code: the whole code's, else that of the longest prefix that matches, else NULL.

    Whole codes are a literal map: one lookup for each cell, where a CASE of a thousand codes would make a thousand comparisons.
    """
    whole, prefixes = split_codes(codes)
    lookups = []
    if whole:
        keys, values = (", ".join(literal(t) for t in part) for part in (whole, [codes[c] for c in whole]))
        lookups.append(f"map([{keys}], [{values}])[lower({text})]")
    if prefixes:
        rules = (f"starts_with(lower({text}), {literal(p)})" if p else f"{text} <> ''" for p in prefixes)
        whens = " ".join(f"when {rule} then {literal(codes[f'{p}*'])}" for p, rule in zip(prefixes, rules, strict=True))
        lookups.append(f"case {whens} end")
    return f"coalesce({', '.join(lookups)})" if len(lookups) > 1 else lookups[0]


def mapped(column: Column, text: str, mapping: SystemMapping | None, *, utc: bool) -> str:
    """SQL for a column's canonical text, from its translated text: the mapping's date formats first, then the contract's forms.
    """
    if mapping is None:
        return canonical(column, text, utc=utc)
    utc = utc or mapping.times_are_utc
    formats = mapping.dates.get(column.name)
    if not formats:
        return canonical(column, text, utc=utc)
    own = canonical(column, text, utc=utc)
    if any(is_month_first(f) for f in formats):
        # 03/04 is March there: a day that their format does not fit must not be read the UK's way.
        own = f"case when not regexp_matches({text}, '^\\d{{1,2}}/\\d{{1,2}}/') then {own} end"
    return f"coalesce({', '.join([*(_by_format(column, text, f, utc) for f in formats), own])})"


def is_month_first(form: str) -> bool:
    """Whether a format begins with the month, as American dates do."""
    return form.replace("%-", "%").startswith("%m/%d/")


def _by_format(column: Column, text: str, form: str, utc: bool) -> str:
    assert column.type in DATE_TYPES
    moment = f"try_strptime({text}, {literal(form)})"
    if "%z" in form:
        moment = f"timezone('Europe/London', {moment})"
    elif utc and column.type == "timestamp" and re.search("%-?[HI]", form):
        moment = f"timezone('Europe/London', timezone('UTC', {moment}))"
    if column.type == "month":
        return f"left(cast(pam_plausible({moment}) as varchar), 7) || '-01'"
    return f"left(cast(pam_plausible({moment}) as varchar), {19 if column.type == 'timestamp' else 10})"
