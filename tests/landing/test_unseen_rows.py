"""What a person does not see in a workbook, or struck out, counts all the same: the ledger and `pam status` say so."""

import tracemalloc

import pytest
import xlsxwriter
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.landing.excel import sheet_text

from .test_landing_workbooks import HEAD, NAME, changed, land, rows
from .workbook import workbook

SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
REMEDY = "if they should not, delete them in the sheet and drop it again with a later extraction"
FONTS = '<fonts count="3"><font/><font><strike val="0"/></font><font><b/><strike/></font></fonts><cellXfs'


def hide_rows(data, *numbers):
    for n in numbers:
        data = changed(data, SHEET, f'<row r="{n}">', f'<row r="{n}" spans="1:5" hidden="1">')
    return data


def strike(data, *places):
    """Strike cells of text out: style 4 has the third font, style 3 the second, which says that it is not struck out."""
    styles = '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    data = changed(data, STYLES, "<cellXfs", FONTS)
    data = changed(data, STYLES, styles, f'{styles}<xf numFmtId="0" fontId="1"/><xf numFmtId="0" fontId="2"/>')
    for place in places:
        data = changed(data, SHEET, f'<c r="{place}" t=', f'<c r="{place}" s="4" t=')
    return data


def texts(n):
    """Rows without dates of Excel's, which have a style already."""
    return [[ref, str(day), *rest] for ref, day, *rest in rows(n)]


def test_rows_that_a_filter_hides_count_and_are_said(warehouse, tmp_path):
    data = hide_rows(workbook([HEAD, *rows(6)]), 3, 4, 7)
    entry = land(warehouse, data)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    assert entry.drift == [f"3 rows are hidden by a filter or by hand, and count like the others: {REMEDY}"]
    (tmp_path / NAME).write_bytes(data)
    shown = CliRunner().invoke(app, ["inspect", str(tmp_path / NAME), "--home", str(tmp_path / "other")]).output
    assert "3 rows are hidden by a filter or by hand, and count like the others" in " ".join(shown.split())


def test_rows_that_excel_hid_count_and_are_said(warehouse, tmp_path):
    """As a program writes them that knows all of Excel's rules: an autofilter, a struck row, a hidden column."""
    path = tmp_path / NAME
    book = xlsxwriter.Workbook(str(path))
    sheet, day, gone = (
        book.add_worksheet(),
        book.add_format({"num_format": "dd/mm/yyyy"}),
        book.add_format({"font_strikeout": True}),
    )
    for r, row in enumerate([HEAD, *rows(8)]):
        sheet.write_row(r, 0, row, gone if r == 5 else None)
        if r:
            sheet.write_datetime(r, 1, row[1], day)
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


def test_rows_that_are_struck_out_count_and_are_said(warehouse):
    # Row 3 in all its cells, row 4 in all but a note of why.
    places = [f"{column}{row}" for row in (3, 4) for column in "ABCDE"][:-1]
    entry = land(warehouse, strike(workbook([HEAD, *texts(6)]), *places))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    assert entry.drift == [f"2 rows are struck out, and count like the others: {REMEDY}"]


PLAIN = workbook([HEAD, *rows(6)])
WORDS = workbook([HEAD, [*rows(1)[0][:4], '<row r="3" hidden="1">'], *rows(6)[1:]])
LOOKALIKES = {
    "above the table": hide_rows(workbook([["Crimes"], [None], HEAD, *rows(6)]), 1, 2),
    "empty": hide_rows(workbook([HEAD, *rows(6), [" "], [None]]), 8, 9),
    "shown again": changed(PLAIN, SHEET, '<row r="3">', '<row r="3" hidden="0">'),
    "words in a cell": changed(WORDS, SHEET, '<row r="2">', '<row r="2" ht="0.1">'),
    "columns beyond": changed(PLAIN, SHEET, "<sheetData>", '<cols><col min="6" max="9" hidden="1"/></cols><sheetData>'),
    "two cells": strike(workbook([HEAD, *texts(6)]), "C2", "D2"),
    "a font that is not struck out": changed(strike(workbook([HEAD, *texts(6)])), SHEET, '<c r="A3" t=', '<c r="A3" s="3" t='),
    "struck blanks": strike(workbook([HEAD, *texts(6), [""] * 5]), *(f"{column}8" for column in "ABCDE")),
}


@pytest.mark.parametrize("data", LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_what_looks_like_it_is_not_said(warehouse, data):
    entry = land(warehouse, data)
    assert (entry.outcome, entry.rows_landed, entry.drift) == ("accepted", 6, [])


def test_a_hidden_sheet_that_was_read_is_said_unless_a_mapping_names_it(warehouse):
    data = changed(workbook([HEAD, *rows(2)], [["notes"]]), "xl/workbook.xml", 'sheetId="1"', 'sheetId="1" state="hidden"')
    assert [d.partition(":")[0] for d in land(warehouse, data).drift] == ["the sheet that was read is hidden"]
    (warehouse.home.mappings / "m.yml").write_text("extract: crimes\ntable: {sheet: S1}\n", encoding="utf-8")
    assert land(warehouse, data, NAME.replace("20260105", "20260106")).drift == []


def test_hidden_rows_of_a_large_sheet_are_counted_across_its_pieces(monkeypatch):
    """The XML is read in pieces: no row is missed or counted twice where one ends."""
    data = hide_rows(
        workbook([HEAD, *[[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales"] for n in range(400)]]), *range(50, 350)
    )
    for size in (1_000, 4_999, 1 << 22):
        monkeypatch.setattr("dagster_project.landing.failed_and_hidden_cells.CHUNK", size)
        assert sheet_text(data).hidden_rows == list(range(49, 349))


def test_cells_are_not_searched_for_struck_styles_without_number():
    """Each style that is looked for takes time at each cell, and a workbook may have a million."""
    data = strike(workbook([HEAD, *texts(6)]), *(f"{column}3" for column in "ABCDE"))
    assert sheet_text(data, None).struck_rows == [2]
    data = changed(data, STYLES, "</cellXfs>", '<xf numFmtId="0" fontId="2"/>' * 200 + "</cellXfs>")
    data = changed(data, SHEET, "<sheetData>", "<sheetData>" + "".join(f'<row s="{n}"/>' for n in range(5, 205)))
    assert sheet_text(data, None).struck_rows == []


def test_marks_take_no_memory_of_their_own(tmp_path):
    """Of a sheet without any, whatever its size."""
    from dagster_project.landing import failed_and_hidden_cells

    data = workbook([HEAD, *[[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales"] for n in range(30_000)]])
    monkey, failed_and_hidden_cells.CHUNK = failed_and_hidden_cells.CHUNK, 1 << 16
    tracemalloc.start()
    try:
        marks = failed_and_hidden_cells.read_marks(data, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        failed_and_hidden_cells.CHUNK = monkey
    assert marks == failed_and_hidden_cells.SheetMarks() and peak < 1 << 20
