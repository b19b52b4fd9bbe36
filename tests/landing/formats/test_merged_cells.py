"""Cells merged over rows: a person sees their value next to each row."""

from dagster_project.landing.formats import excel

from ..workbook import workbook
from .test_workbooks import HEAD, NAME, edit_part, land


def merge(data: bytes, *ranges: str) -> bytes:
    cells = "".join(f'<mergeCell ref="{cells}"/>' for cells in ranges)
    return edit_part(data, "xl/worksheets/sheet1.xml", "</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>")


def crimes(*blank):
    """Six crimes, in rows 2 to 7 below the header; `blank`: rows and columns without a value."""
    rows = [[f"C{n}", "2025-03-01", "92D", "Recorded", "Dales" if n < 5 else "Derby"] for n in range(2, 8)]
    for row, column in blank:
        rows[row - 2][column] = None
    return rows


GROUPED = crimes((3, 3), (4, 3), (6, 4), (7, 4))


def test_each_row_gets_the_value_merged_over_it(warehouse):
    entry = land(warehouse, merge(workbook([HEAD, *GROUPED]), "D2:D4", "E5:E7"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 6)
    values = [(row["status"], row["lpu"]) for row in warehouse.raw(entry)]
    assert values == [("Recorded", "Dales")] * 3 + [("Recorded", "Derby")] * 3


def test_blanks_that_are_not_merged_stay_blank(warehouse):
    # A title or note that is merged over columns is not copied either.
    for data in (workbook([HEAD, *GROUPED]), merge(workbook([HEAD, *GROUPED]), "A2:B2", "D3:E4")):
        entry = land(warehouse, data)
        assert [row["status"] for row in warehouse.raw(entry)].count(None) == 2
        warehouse.home.inbox.joinpath(NAME).unlink(missing_ok=True)


def test_a_header_of_merged_cells_is_one_row(warehouse):
    blank = [None] * len(HEAD)
    tall = merge(workbook([["Crimes"], HEAD, blank, *GROUPED]), *(f"{c}2:{c}3" for c in "ABCDE"), "D4:D6", "A1:E1")
    entry = land(warehouse, tall)
    assert (entry.rows_landed, entry.rows_quarantined) == (6, 0)
    assert [row["status"] for row in warehouse.raw(entry)] == ["Recorded"] * 6


def test_values_below_a_merged_cell_and_cells_outside_the_table_stay(warehouse):
    # Borders reach down to row 10.
    entry = land(warehouse, merge(workbook([HEAD, *crimes(), *[[""] * 5] * 3]), "E4:E5", "E4:E6", "H2:H3", "D7:D10", "E7:E10"))
    assert (entry.rows_landed, entry.rows_quarantined) == (6, 0)
    assert [row["lpu"] for row in warehouse.raw(entry)] == ["Dales"] * 3 + ["Derby"] * 3


def land_orders(warehouse, *ranges):
    """Land three orders with one amount between them."""
    rows = [["O1", "2025-03-01", "Fraud", 900, 500], *[[key, "2025-03-01", None, None, 500] for key in ("O2", "O3")]]
    if "A2:A4" in ranges:
        rows[1][0] = rows[2][0] = None
    head = ["order_ref", "order_date", "offence_category", "order_value", "benefit_value"]
    return land(warehouse, merge(workbook([head, *rows]), *ranges), NAME.replace("crimes", "confiscation_orders"))


def test_amount_merged_over_several_records_goes_to_the_first(warehouse):
    entry = land_orders(warehouse, "C2:C4", "D2:D4")
    # Copied to each record, it would be counted three times.
    values = [(row["offence_category"], row["order_value"]) for row in warehouse.raw(entry)]
    assert values == [("Fraud", "900.00"), ("Fraud", None), ("Fraud", None)]


def test_amount_merged_over_the_lines_of_one_record_counts_once(warehouse):
    entry = land_orders(warehouse, "A2:A4", "C2:C4", "D2:D4")
    assert (entry.rows_landed, entry.rows_duplicate, entry.rows_quarantined) == (1, 2, 0)
    assert warehouse.raw(entry)[0]["order_value"] == "900.00"


def test_long_text_merged_over_many_rows_is_refused(warehouse, monkeypatch):
    """The file has the text once, but the sheet read as text has it in every row."""
    rows = [[f"C{n}", "2025-03-01", "92D", "Recorded", None] for n in range(200)]
    rows[0][4] = "x" * 30_000
    data = merge(workbook([HEAD, *rows]), "E2:E201")
    monkeypatch.setattr(excel, "LARGEST", 5_000_000)
    assert "too large: it unpacks to" in land(warehouse, data).reason
    monkeypatch.setattr(excel, "LARGEST", 8_000_000)
    assert land(warehouse, data).rows_in_file == 200
