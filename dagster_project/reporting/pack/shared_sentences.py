"""Sentences that the pages, the workbook and the document share."""

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from .model import MARKERS, UNITS, Pack, Source, Table
from .wording import day_in_words, join_words, moment_in_words

ORDER_OF_FINDINGS = (
    "Unusual figures come first, then figures within normal variation, figures without a control chart, and small numbers. In"
    " each group the largest percentage change comes first. “Unusual” means that the control chart marks at least one month of"
    " the period. Chance alone marks a month now and then: in up to 4 of 10 charts of three years."
)
SAMPLE = "Sample: all figures are made up."
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def strip_invalid_xml(value: Any) -> Any:
    """A pack, or a part of one, without the characters that XML can't have: a cell of an extract may contain them."""
    if isinstance(value, str):
        return value if value.isprintable() else _NOT_XML.sub("", value)
    if value is None or isinstance(value, int | Decimal | date):
        return value
    if isinstance(value, tuple):
        return tuple(strip_invalid_xml(v) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: strip_invalid_xml(getattr(value, f.name)) for f in fields(value) if f.init})
    return value


def sample_notice(pack: Pack) -> str | None:
    """The sentence on every sheet and page of made-up data; None for other data."""
    return f"{SAMPLE} None is a figure of {pack.force}." if pack.is_sample else None


def public_notice(pack: Pack) -> str | None:
    """The sentence on every sheet and page of the public form; None for the exact form."""
    return f"Public form: figures of marts_public alone. {pack.rule}" if pack.rule else None


def notices(pack: Pack) -> list[str]:
    """The sentences that every sheet and page must have: that the data are made up, that the form is the public one."""
    return [n for n in (sample_notice(pack), public_notice(pack)) if n]


def heading(pack: Pack) -> str:
    """`Drug dealing and substance misuse: Derbyshire, 2026-03`."""
    return f"{pack.title}: {pack.force}, {pack.edition}"


def night_line(pack: Pack) -> str:
    """Which night the figures are from."""
    return f"Figures from update {pack.night_id}, started on {moment_in_words(pack.night_at)}."


def marker_lines(markers: Iterable[str]) -> list[str]:
    """A line for each marker, with its meaning."""
    return [f"{m} {MARKERS[m]}." for m in markers]


def source_line(table: Table) -> str:
    """The extracts that a table is made from, and the days that they cover."""
    return f"Source: {'; '.join(_source_days(s) for s in table.sources)}." if table.sources else "Source: no extract."


def _source_days(source: Source) -> str:
    if not source.files or source.covered_from is None or source.covered_to is None:
        return f"{source.title} ({'not sent' if source.status == 'not sent' else 'never dropped'})"
    late = ", late" if source.status == "late" else ""
    return f"{source.title} ({day_in_words(source.covered_from)} to {day_in_words(source.covered_to)}{late})"


def units_line(table: Table) -> str:
    """The units of a table's figures."""
    units = dict.fromkeys(UNITS.get(c.unit or "", c.unit or "") for r in table.rows for c in r.cells if c.unit)
    if not units:
        return "Unit: none, as no figure is available."
    return f"Unit: {join_words([u.lower() for u in units])}."
