"""The pack as an accessible workbook: cover, contents, notes, then a sheet for each table.

Follows the Government Analysis Function's guidance on releasing statistics in spreadsheets
(https://analysisfunction.civilservice.gov.uk/policy-store/releasing-statistics-in-spreadsheets/): one table on each sheet,
marked up as a table, no blank or merged cells, shorthand explained on the sheet, notes on their own sheet. gptables writes it.
"""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from textwrap import wrap
from typing import Any, BinaryIO

import pandas as pd
from gptables import Cover, GPTable, GPWorkbook, Theme
from gptables.core.gptable import FormatList

from dagster_project.core.cell_text import is_formula
from dagster_project.editions.verdicts import share_checked

from . import wording as words
from .model import Cell, Pack, Table

CONTENTS, NOTES = "Contents", "Notes"
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A text stays a text: a category `=1+1` is no formula."""
NOT_APPLICABLE = "[z]"
SHEET_NAME = 31
"""Characters that Excel allows in a sheet's name."""
LONGEST_LINE = 120
"""Characters of a line above a table: a sheet is printed as narrow as its longest line asks for."""
MARGIN = 0.4
"""Inches to the left and right of a printed page."""
PAGE_HEADER = 230
"""Characters of a printed page's header at most: Excel allows 255."""
DAY, MOMENT = "d mmmm yyyy", "d mmmm yyyy hh:mm"
THEME = {
    "global": {"font_size": 12, "font_name": "Arial", "font_color": "automatic"},
    "cover_title": {"bold": True, "font_size": 18, "text_wrap": True},
    "cover_subtitle": {"bold": True, "font_size": 14, "text_wrap": True},
    "cover_text": {"text_wrap": True},
    "title": {"bold": True, "font_size": 16},
    "subtitle": {"font_size": 12},
    "column_heading": {"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"},
    "data": {"text_wrap": True, "valign": "top", "bottom": 4, "bottom_color": "#B1B4B6"},
    "description_order": ["instructions", "legend", "source", "scope"],
}
"""The theme of gptables, with a line under each row."""


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet: what is above its table, and the table. `columns`: headings, and widths in characters: beyond 160 in all it
    may print at less than 8 points on A4. `numbers`: headings of the columns that hold numbers. `formats`: number formats by
    row and column, from 0."""

    name: str
    title: str
    columns: dict[str, int]
    rows: list[list[Any]]
    numbers: Sequence[str] = ()
    about: Sequence[str] = ()
    legend: Sequence[str] = ()
    source: str | None = None
    formats: dict[tuple[int, int], str] = field(default_factory=dict)


def write_xlsx(pack: Pack, path: Path | BinaryIO) -> None:
    """Write the pack to `path`, or an open file. Figures are numbers, rounded as printed; a cell without one has its marker.

    The same night gives the same bytes.
    """
    pack = words.strip_invalid_xml(pack)
    notes = list(dict.fromkeys(n for t in pack.tables for n in t.notes))
    sheets = [_table(t, notes) for t in pack.tables]
    if pack.claims:
        sheets.append(_claims(pack))
    sheets += [_sources(pack), _measures(pack)]
    if any(p.findings for p in pack.pages):
        sheets.insert(0, _findings(pack))
    if notes:
        sheets.insert(0, _notes(pack, notes))
    target: Any = str(path) if isinstance(path, Path) else path
    book = GPWorkbook(target, options=AS_TEXT)
    book.set_theme(Theme(deepcopy(THEME)))  # gptables changes it
    book.set_properties(
        {"title": words.heading(pack), "subject": words.sample_notice(pack) or "", "created": pack.night_at, "author": ""}
    )
    cover = book.add_worksheet("Cover")
    cover.write_cover(_cover(pack))
    _set_up_printing(cover, pack)
    for sheet in [_contents(sheets), *sheets]:
        _write(book, pack, sheet)
    book.close()


def _cover(pack: Pack) -> Cover:
    checked = f", with {share_checked(pack.claims)} checked against the warehouse" if pack.claims else ""
    intro = [
        *([{"bold": True}, _escape(notice)] for notice in words.notices(pack)),
        f"The tables and chart series of edition {pack.edition} of the report{checked}. One table a sheet; the Contents sheet"
        " leads to each.",
        words.night_line(pack),
        pack.data_status,
    ]
    about = [
        f"Figures are rounded as they are printed. {words.zero_words(pack)}; a figure that is not available is never 0.",
        *words.marker_lines(pack.markers),
        "Where a number has shorthand, its cell holds the number alone, shown with the shorthand; the last column of the table"
        " says it in words.",
        *([f"Revisions are since edition {pack.frozen_in} went out."] if pack.frozen_in else []),
    ]
    escaped = [[_escape(t) if isinstance(t, str) else t for t in texts] for texts in (intro, about)]
    return Cover(title=_escape(words.heading(pack)), intro=escaped[0], about=escaped[1], width=100)


def _contents(sheets: Sequence[WorkbookSheet]) -> WorkbookSheet:
    rows = [[{s.name: f"internal:'{s.name}'!A1"}, s.title] for s in sheets]
    return WorkbookSheet(CONTENTS, "Contents", {"Sheet": 34, "What it holds": 90}, rows)


def _notes(pack: Pack, notes: Sequence[str]) -> WorkbookSheet:
    rows = [
        [n, text, "; ".join(_sheet_name(t) for t in pack.tables if text in t.notes)] for n, text in enumerate(notes, start=1)
    ]
    return WorkbookSheet(NOTES, "Notes", {"Note": 10, "What it says": 90, "Sheets": 34}, rows)


def _sheet_name(table: Table) -> str:
    return f"{table.number}_{table.name}"[:SHEET_NAME]


def _table(table: Table, notes: Sequence[str]) -> WorkbookSheet:
    """A printed table, or the series of a chart. Extra columns say which changes of a row are unusual, and which numbers are
    provisional or revised."""
    headings = _unique_headings([table.rows_are, *(c.heading for c in table.columns)])
    marked = [[(h, c.marker) for h, c in zip(headings[1:], r.cells, strict=True) if c.marker and c.text] for r in table.rows]
    rows = [[r.label, *(_number(c) for c in r.cells)] for r in table.rows]
    lines = [2 if c.heading == c.label else 3 for c in table.columns]
    widths = [min(50, max(16, 2 + max(len(r.label) for r in table.rows))), *map(_width, headings[1:], lines)]
    columns = dict(zip(headings, widths, strict=True))
    unusual = [[(h, c.unusual) for h, c in zip(headings[1:], r.cells, strict=True) if c.unusual] for r in table.rows]
    if any(unusual):
        columns[_unique_headings([*headings, "Is it unusual?"])[-1]] = 28
        for row, changes in zip(rows, unusual, strict=True):
            row.append("; ".join(f"{h}: {text}" for h, text in changes) or NOT_APPLICABLE)
    if any(marked):
        columns[_unique_headings([*headings, "Shorthand"])[-1]] = 34
        for row, markers in zip(rows, marked, strict=True):
            row.append("; ".join(f"{h} {m}" for h, m in markers) or "None")
    is_mixed = any(unusual) and not all(unusual)
    numbers = "".join(f" [note {notes.index(n) + 1}]" for n in table.notes)
    series = "Series of a chart. " if table.kind == "chart" else ""
    return WorkbookSheet(
        _sheet_name(table), f"{table.title} ({words.name_paragraphs(table.paragraph, 'p')}){numbers}", columns, rows,
        numbers=headings[1:], about=[t for t in (table.scope, f"{series}{words.units_line(table)}", table.unavailable) if t],
        legend=words.marker_lines(dict.fromkeys([*table.markers, *([NOT_APPLICABLE] if is_mixed else [])])),
        source=words.source_line(table),
        formats={(r, c): _number_format(cell) for r, row in enumerate(table.rows) for c, cell in enumerate(row.cells, start=1)
                 if cell.text},
    )  # fmt: skip


def _number(cell: Cell) -> float | str:
    """The printed figure of a cell as a number, or its marker."""
    if cell.value is None or not cell.text:
        return cell.printed
    return float(re.sub("[£,%]", "", cell.text))


def _number_format(cell: Cell) -> str:
    """The number format that shows a figure as printed, with its marker."""
    places = f".{'0' * cell.decimals}" if cell.decimals else ""
    pounds = "[$£-809]" if "£" in cell.text else ""
    after = f"{'%' if cell.text.endswith('%') else ''}{f' {cell.marker}' if cell.marker else ''}"
    return f"{pounds}#,##0{places}" + (f'"{after}"' if after else "")


def _findings(pack: Pack) -> WorkbookSheet:
    """What to read first. Figures are texts as printed, as their units differ."""
    columns = {
        "Part": 17, "Figure": 22, "As printed": 12, "Period": 16, "Change": 19, "Is it unusual?": 18, "Newest month": 18,
        "Completeness": 16, "Sheet": 23,
    }  # fmt: skip
    sheets = {t.name: _sheet_name(t) for t in pack.tables}
    rows: list[list[Any]] = [
        [p.title, f.title, f.figure, f.days, f.change, f.unusual, f.newest or NOT_APPLICABLE, f.complete, sheets[f.table]]
        for p in pack.pages for f in p.findings
    ]  # fmt: skip
    return WorkbookSheet("Findings", "What to read first: the most notable figures of each part", columns, rows,
                 about=[words.ORDER_OF_FINDINGS], legend=words.marker_lines([NOT_APPLICABLE]))  # fmt: skip


def _claims(pack: Pack) -> WorkbookSheet:
    """The printed figures and statements. No cell is blank."""
    columns = {
        "Number": 9, "Paragraph": 12, "Figure or statement": 40, "Printed": 14, "Warehouse": 14, "Difference": 13, "Result": 17,
        "Why": 40,
    }  # fmt: skip
    rows = [
        [c.no, c.paragraph, c.what, *(t or NOT_APPLICABLE for t in (c.printed, c.computed, c.difference)),
         f"{words.VERDICTS[c.verdict]}{' (known)' if c.is_known else ''}", c.reason or NOT_APPLICABLE]
        for c in pack.claims
    ]  # fmt: skip
    title = "Printed figures, and statements in our own words, checked against the warehouse"
    return WorkbookSheet("Claims", title, columns, rows, numbers=["Number"], legend=words.marker_lines([NOT_APPLICABLE]))


def _sources(pack: Pack) -> WorkbookSheet:
    with_rows = pack.rule is None
    columns = {
        "Extract": 28, "Status": 16, "Expected": 12, "Files": 10, **({"Records used": 12} if with_rows else {}),
        "First day covered": 20, "Last day covered": 20, "Days covered": 14, "Extracted at (UTC)": 23, "Days late": 12,
    }  # fmt: skip
    numbers = ["Files", "Records used", "Days covered", "Days late"]
    rows: list[list[Any]] = [
        [s.title, s.status, s.rhythm, s.files, *([s.rows] if with_rows else []), s.covered_from, s.covered_to, s.covered_days,
         s.extracted_at, s.days_late]
        for s in pack.sources
    ]  # fmt: skip
    rows = [[NOT_APPLICABLE if v is None else v for v in row] for row in rows]
    formats = {(r, c): "#,##0" for r in range(len(rows)) for c, name in enumerate(columns) if name in numbers}
    return WorkbookSheet(
        "Sources", "Sources: the extracts behind the figures", columns, rows, numbers=numbers,
        legend=words.marker_lines([NOT_APPLICABLE]), formats=formats,
    )  # fmt: skip


def _measures(pack: Pack) -> WorkbookSheet:
    rows = [[d.title, d.meaning, d.formula or NOT_APPLICABLE, d.mart, d.measure] for d in pack.definitions]
    columns = {"Measure": 24, "What it counts": 45, "How a period is made": 29, "Mart": 27, "Name in the mart": 36}
    rows = rows or [[NOT_APPLICABLE] * len(columns)]
    return WorkbookSheet("Measures", "Measures: what each figure counts", columns, rows)


def _width(heading: str, lines: int) -> int:
    """The width of a column of numbers, in characters. `lines`: how many its bold heading may take."""
    return min(36, max(15, 4 + round(1.4 * max(len(w) for w in heading.split())), 5 + round(1.4 * len(heading) / lines)))


def _unique_headings(headings: Sequence[str]) -> list[str]:
    """Headings that a table in Excel accepts: none blank, and no two the same in lower case."""
    unique: list[str] = []
    used: set[str] = set()
    for text in headings:
        name = heading = _escape(text).strip() or "Figure"
        n = 1
        while name.casefold() in used:
            n += 1
            name = f"{heading} ({n})"
        used.add(name.casefold())
        unique.append(name)
    return unique


def _escape(text: str) -> str:
    """A text as gptables prints it unchanged: it would read `$$a$$` as a note and `[a](b)` as a link."""
    return " ".join(text.replace("$$", "$ $").replace("](", "] (").split())


def _lines(texts: Iterable[str | None]) -> list[str]:
    """Texts above a table, in lines."""
    return [line for text in texts if text for line in wrap(_escape(text), LONGEST_LINE)]


def _cell(value: Any) -> Any:
    """A value for gptables: a text in a wrapper, so that it does not look for markup in it; a date as a datetime."""
    if isinstance(value, str):
        return FormatList([{"quote_prefix": True} if is_formula(value) else {}, value or NOT_APPLICABLE])
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _write(book: GPWorkbook, pack: Pack, sheet: WorkbookSheet) -> None:
    rows = [[_cell(v) for v in row] for row in sheet.rows]
    formatting: list[dict[str, Any]] = []
    for n, name in enumerate(sheet.columns):
        form: dict[str, Any] = {"align": "right"} if name in sheet.numbers else {"align": "left", "indent": min(n, 1)}
        formatting.append({"column": {"columns": [n], "format": form, "include_names": True}})
    days = {(r, c): MOMENT if isinstance(v, datetime) else DAY
            for r, row in enumerate(sheet.rows) for c, v in enumerate(row) if isinstance(v, date)}  # fmt: skip
    formats = days | sheet.formats
    formatting += [{"cell": {"cells": (r + 1, c), "format": {"num_format": form}}} for (r, c), form in formats.items()]
    table = GPTable(
        pd.DataFrame(rows, columns=list(sheet.columns), dtype=object),
        table_name=f"table_{sheet.name}".lower(), title=_escape(sheet.title),
        subtitles=[*([{"bold": True}, t] for t in _lines(words.notices(pack))), *_lines(sheet.about),
                   *([] if sheet.name == CONTENTS else [f"[Back to {CONTENTS}](internal:'{CONTENTS}'!A1)"])],
        instructions="This sheet has one table." + (" Notes are on the sheet Notes." if "[note " in sheet.title else ""),
        legend=_lines([*sheet.legend, sheet.source]),
        index_columns={}, additional_formatting=formatting,
    )  # fmt: skip
    page = book.add_worksheet(sheet.name)
    page.write_gptable(table, auto_width=False)
    for n, width in enumerate(sheet.columns.values()):
        page.set_column(n, n, width)
    page.repeat_rows(table.data_range[0])
    _set_up_printing(page, pack)


def _set_up_printing(page: Any, pack: Pack) -> None:
    """A4, all columns on one page, with page numbers and the notices that every page must have."""
    page.set_landscape()
    page.set_paper(9)
    page.set_margins(left=MARGIN, right=MARGIN)
    page.fit_to_pages(1, 0)
    title, notice = (t.replace("&", "&&")[:PAGE_HEADER] for t in (words.heading(pack), " ".join(words.notices(pack))))
    page.set_header(f"&L{notice}")
    page.set_footer(f"&L{title}&RPage &P of &N")
