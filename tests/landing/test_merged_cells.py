"""Cells that are merged over rows: a person sees their value beside each row."""

from dagster_project.landing import excel

from .test_landing_workbooks import HEAD, NAME, changed, land
from .workbook import workbook


def merged(data: bytes, *ranges: str) -> bytes:
    cells = "".join(f'<mergeCell ref="{cells}"/>' for cells in ranges)
    return changed(data, "xl/worksheets/sheet1.xml", "</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>")


def crimes(*blank):
    """Six crimes, in rows 2 to 7 below the header; `blank`: rows and columns without a value."""
    rows = [[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales" if n < 5 else "Derby"] for n in range(2, 8)]
    for row, column in blank:
        rows[row - 2][column] = None
    return rows


GROUPED = crimes((3, 3), (4, 3), (6, 4), (7, 4))


def test_each_row_has_the_value_that_is_merged_over_it(warehouse):
    entry = land(warehouse, merged(workbook([HEAD, *GROUPED]), "D2:D4", "E5:E7"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    found = [(row["status"], row["lpu"]) for row in warehouse.raw(entry)]
    assert found == [("Recorded", "Dales")] * 3 + [("Recorded", "Derby")] * 3


def test_blanks_that_are_not_merged_stay_blank(warehouse):
    # Nor does a title or a note that is merged over columns go anywhere.
    for data in (workbook([HEAD, *GROUPED]), merged(workbook([HEAD, *GROUPED]), "A2:B2", "D3:E4")):
        entry = land(warehouse, data)
        assert [row["status"] for row in warehouse.raw(entry)].count(None) == 2
        warehouse.home.inbox.joinpath(NAME).unlink(missing_ok=True)


def test_a_header_of_merged_cells_is_one_row(warehouse):
    blank = [None] * len(HEAD)
    tall = merged(workbook([["Crimes"], HEAD, blank, *GROUPED]), *(f"{c}2:{c}3" for c in "ABCDE"), "D4:D6", "A1:E1")
    entry = land(warehouse, tall)
    assert (entry.rows_landed, entry.rows_quarantined) == (6, 0)
    assert [row["status"] for row in warehouse.raw(entry)] == ["Recorded"] * 6


def test_a_value_below_a_merged_cell_and_cells_beyond_the_table_stay(warehouse):
    # Borders go down to row 10.
    entry = land(warehouse, merged(workbook([HEAD, *crimes(), *[[""] * 5] * 3]), "E4:E5", "E4:E6", "H2:H3", "D7:D10", "E7:E10"))
    assert (entry.rows_landed, entry.rows_quarantined) == (6, 0)
    assert [row["lpu"] for row in warehouse.raw(entry)] == ["Dales"] * 3 + ["Derby"] * 3


def orders(warehouse, *ranges):
    """Three orders with one amount between them, and their entry."""
    rows = [["O1", "2025-03-01", "Fraud", 900, 500], *[[key, "2025-03-01", None, None, 500] for key in ("O2", "O3")]]
    if "A2:A4" in ranges:
        rows[1][0] = rows[2][0] = None
    head = ["order_ref", "order_date", "offence_category", "order_value", "benefit_value"]
    return land(warehouse, merged(workbook([head, *rows]), *ranges), NAME.replace("crimes", "confiscation_orders"))


def test_an_amount_beside_several_records_is_that_of_the_first(warehouse):
    entry = orders(warehouse, "C2:C4", "D2:D4")
    # Once a record it would be three times as much.
    found = [(row["offence_category"], row["order_value"]) for row in warehouse.raw(entry)]
    assert found == [("Fraud", "900.00"), ("Fraud", None), ("Fraud", None)]


def test_an_amount_beside_the_lines_of_one_record_is_that_of_the_record(warehouse):
    entry = orders(warehouse, "A2:A4", "C2:C4", "D2:D4")
    assert (entry.rows_landed, entry.rows_duplicate, entry.rows_quarantined) == (1, 2, 0)
    assert warehouse.raw(entry)[0]["order_value"] == "900.00"


def test_a_long_text_that_is_merged_over_many_rows_is_refused(warehouse, monkeypatch):
    """The file has it once, the text of the sheet once a row."""
    rows = [[f"C{n}", "2025-03-01", "92D", "Recorded", None] for n in range(200)]
    rows[0][4] = "x" * 30_000
    data = merged(workbook([HEAD, *rows]), "E2:E201")
    monkeypatch.setattr(excel, "LARGEST", 5_000_000)
    assert "too large: it unpacks to" in land(warehouse, data).reason
    monkeypatch.setattr(excel, "LARGEST", 8_000_000)
    assert land(warehouse, data).rows_in_file == 200
