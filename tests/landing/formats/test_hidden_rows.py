"""Hidden and struck-out rows of a workbook land like others: the ledger notes it, and `pam inspect` shows it."""

import tracemalloc

import pytest
import xlsxwriter
from typer.testing import CliRunner

from dagster_project.cli import load_app
from dagster_project.landing.formats.excel import sheet_text

from ..workbook import workbook
from .test_workbooks import HEAD, NAME, edit_part, land, rows

SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
REMEDY = "if they should not, delete them in the sheet and drop it again with a later extraction"
FONTS = '<fonts count="3"><font/><font><strike val="0"/></font><font><b/><strike/></font></fonts><cellXfs'


def hide_rows(data, *numbers):
    for n in numbers:
        data = edit_part(data, SHEET, f'<row r="{n}">', f'<row r="{n}" spans="1:5" hidden="1">')
    return data


def strike(data, *places):
    """Strike cells of text out: style 4 has the third font, style 3 the second, which says that it is not struck out."""
    styles = '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    data = edit_part(data, STYLES, "<cellXfs", FONTS)
    data = edit_part(data, STYLES, styles, f'{styles}<xf numFmtId="0" fontId="1"/><xf numFmtId="0" fontId="2"/>')
    for place in places:
        data = edit_part(data, SHEET, f'<c r="{place}" t=', f'<c r="{place}" s="4" t=')
    return data


def text_rows(n):
    """Rows with dates as text, as Excel's dates already have a style."""
    return [[ref, str(day), *rest] for ref, day, *rest in rows(n)]


def test_rows_hidden_by_a_filter_land_and_are_noted(warehouse, tmp_path):
    data = hide_rows(workbook([HEAD, *rows(6)]), 3, 4, 7)
    entry = land(warehouse, data)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    assert entry.drift == [f"3 rows are hidden by a filter or by hand, and count like the others: {REMEDY}"]
    (tmp_path / NAME).write_bytes(data)
    output = CliRunner().invoke(load_app(), ["inspect", str(tmp_path / NAME), "--home", str(tmp_path / "other")]).output
    assert "3 rows are hidden by a filter or by hand, and count like the others" in " ".join(output.split())


def test_rows_hidden_as_excel_writes_them_land_and_are_noted(warehouse, tmp_path):
    """Written by a library that follows Excel's rules: an autofilter, a struck-out row, a hidden column."""
    path = tmp_path / NAME
    book = xlsxwriter.Workbook(str(path))
    sheet, date_format, struck_out = (
        book.add_worksheet(),
        book.add_format({"num_format": "dd/mm/yyyy"}),
        book.add_format({"font_strikeout": True}),
    )
    for r, row in enumerate([HEAD, *rows(8)]):
        sheet.write_row(r, 0, row, struck_out if r == 5 else None)
        if r:
            sheet.write_datetime(r, 1, row[1], date_format)
    sheet.autofilter(0, 0, 8, 4)
    sheet.filter_column("A", "x != C3-2")
    sheet.set_row(3, options={"hidden": True})
    sheet.set_column(4, 6, None, None, {"hidden": True})
    book.close()
    entry = land(warehouse, path.read_bytes())
    assert entry.rows_landed == 8
    remedy = "if it should not, delete it in the sheet and drop it again with a later extraction"
    assert entry.drift == [
        f"1 row is hidden by a filter or by hand, and counts like the others: {remedy}",
        f"1 row is struck out, and counts like the others: {remedy}",
        "hidden, and read like the others: lpu",
    ]


def test_struck_out_rows_land_and_are_noted(warehouse):
    # All cells of row 3, and all but the last of row 4.
    places = [f"{column}{row}" for row in (3, 4) for column in "ABCDE"][:-1]
    entry = land(warehouse, strike(workbook([HEAD, *text_rows(6)]), *places))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    assert entry.drift == [f"2 rows are struck out, and count like the others: {REMEDY}"]


PLAIN = workbook([HEAD, *rows(6)])
XML_IN_A_CELL = workbook([HEAD, [*rows(1)[0][:4], '<row r="3" hidden="1">'], *rows(6)[1:]])
NOT_HIDDEN = {
    "above the table": hide_rows(workbook([["Crimes"], [None], HEAD, *rows(6)]), 1, 2),
    "empty": hide_rows(workbook([HEAD, *rows(6), [" "], [None]]), 8, 9),
    "shown again": edit_part(PLAIN, SHEET, '<row r="3">', '<row r="3" hidden="0">'),
    "words in a cell": edit_part(XML_IN_A_CELL, SHEET, '<row r="2">', '<row r="2" ht="0.1">'),
    "columns beyond": edit_part(PLAIN, SHEET, "<sheetData>", '<cols><col min="6" max="9" hidden="1"/></cols><sheetData>'),
    "two cells": strike(workbook([HEAD, *text_rows(6)]), "C2", "D2"),
    "a font that is not struck out": edit_part(
        strike(workbook([HEAD, *text_rows(6)])), SHEET, '<c r="A3" t=', '<c r="A3" s="3" t='
    ),
    "struck blanks": strike(workbook([HEAD, *text_rows(6), [""] * 5]), *(f"{column}8" for column in "ABCDE")),
}


@pytest.mark.parametrize("data", NOT_HIDDEN.values(), ids=NOT_HIDDEN.keys())
def test_similar_formatting_is_not_noted(warehouse, data):
    entry = land(warehouse, data)
    assert (entry.outcome, entry.rows_landed, entry.drift) == ("accepted", 6, [])


def test_hidden_sheet_that_was_read_is_noted_unless_a_mapping_names_it(warehouse):
    data = edit_part(workbook([HEAD, *rows(2)], [["notes"]]), "xl/workbook.xml", 'sheetId="1"', 'sheetId="1" state="hidden"')
    assert [d.partition(":")[0] for d in land(warehouse, data).drift] == ["the sheet that was read is hidden"]
    (warehouse.home.mappings / "m.yml").write_text("extract: crimes\ntable: {sheet: S1}\n", encoding="utf-8")
    assert land(warehouse, data, NAME.replace("20260105", "20260106")).drift == []


def test_hidden_rows_of_a_large_sheet_are_counted_across_its_pieces(monkeypatch):
    """The XML is read in pieces: no row is missed or counted twice where a piece ends."""
    data = hide_rows(
        workbook([HEAD, *[[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales"] for n in range(400)]]), *range(50, 350)
    )
    for size in (1_000, 4_999, 1 << 22):
        monkeypatch.setattr("dagster_project.landing.formats.failed_and_hidden_cells.CHUNK", size)
        assert sheet_text(data).hidden_rows == list(range(49, 349))


def test_cells_are_not_searched_for_hundreds_of_struck_out_styles():
    """Each style that is searched for takes time at each cell, and a workbook may have a million cells."""
    data = strike(workbook([HEAD, *text_rows(6)]), *(f"{column}3" for column in "ABCDE"))
    assert sheet_text(data, None).struck_rows == [2]
    data = edit_part(data, STYLES, "</cellXfs>", '<xf numFmtId="0" fontId="2"/>' * 200 + "</cellXfs>")
    data = edit_part(data, SHEET, "<sheetData>", "<sheetData>" + "".join(f'<row s="{n}"/>' for n in range(5, 205)))
    assert sheet_text(data, None).struck_rows == []


def test_search_for_hidden_rows_takes_little_memory(tmp_path):
    """In a sheet without any, of any size."""
    from dagster_project.landing.formats import failed_and_hidden_cells

    data = workbook([HEAD, *[[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales"] for n in range(30_000)]])
    chunk, failed_and_hidden_cells.CHUNK = failed_and_hidden_cells.CHUNK, 1 << 16
    tracemalloc.start()
    try:
        marks = failed_and_hidden_cells.read_marks(data, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        failed_and_hidden_cells.CHUNK = chunk
    assert marks == failed_and_hidden_cells.SheetMarks() and peak < 1 << 20
