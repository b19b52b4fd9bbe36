"""A second table below the first, with a header that may have the columns in another order."""

import pytest

from ..formats.test_workbooks import NAME
from ..workbook import workbook

HEADER = "order_ref,order_date,offence_category,order_value,benefit_value"
SWAPPED = "order_ref,order_date,offence_category,Benefit Value,ORDER_VALUE"


def orders(*keys):
    return [f"{key},2025-03-01,Fraud,100,500" for key in keys]


SAME = HEADER.upper().replace("_", " ")


@pytest.mark.parametrize("header,outcome", [(SWAPPED, "held"), (HEADER, "accepted"), (SAME, "accepted")])
def test_a_header_in_another_order_holds_the_file(warehouse, header, outcome):
    entry = warehouse.land("confiscation_orders", *orders(1, 2, 3), header, *orders(4, 5, 6), header=HEADER)
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == (outcome, 6, 1)
    if outcome == "held":
        assert entry.reason.startswith("line 5 is another header, in another order (benefit_value stands where order_value did")
        assert "make each table a file of its own" in entry.reason


def test_second_header_in_a_workbook_with_mapped_headers(warehouse):
    text = "extract: confiscation_orders\nheaders: {order_value: Ordered, benefit_value: Benefit}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    first = ["order_ref", "order_date", "offence_category", "Ordered", "Benefit"]
    rows = [[str(n), "2025-03-01", "Fraud", 100, 500] for n in range(9)]
    book = workbook([first, *rows[:5], [], [*first[:3], "Benefit", "Ordered"], *rows[5:]])
    warehouse.put(NAME.replace("crimes", "confiscation_orders"), book)
    (entry,) = warehouse.night()
    assert entry.outcome == "held" and entry.reason.startswith("line 8 is another header")


@pytest.mark.parametrize("row", ["amount,Order date,Other,x,y", "9,order_date,Fraud,1,2", "A,tomorrow,order_value,1,2"])
def test_header_word_in_one_cell_makes_no_header(warehouse, row):
    entry = warehouse.land("confiscation_orders", *orders(1, 2, 3), row, header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 1)


def test_header_without_rows_below_it_is_one_quarantined_row(warehouse):
    entry = warehouse.land("confiscation_orders", *orders(1, 2, 3), SWAPPED, header=HEADER)
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 3, 1)


def test_second_header_in_a_file_with_identifiers(warehouse):
    head = "custody_ref,arrested_at,trigger_offence,test_status,cocaine,opiates"
    rows = [f"K{n},2025-03-01,Theft,Completed,Positive,Negative" for n in range(4)]
    other = head.replace("cocaine,opiates", "opiates,cocaine")
    assert warehouse.land("drug_tests", *rows[:2], other, *rows[2:], header=head).outcome == "held"
    assert warehouse.land("drug_tests", *rows, head, header=head, at="20260106T020000Z").outcome == "accepted"


OTHER = "area,month,code,state,sum"


def test_a_header_in_two_languages(warehouse):
    records = [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(6)]
    entry = warehouse.land("crimes", "Cyfeirnod,Dyddiad,Cod,Statws,Ardal", *records)
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 6, 1)


@pytest.mark.parametrize(
    "heading,is_noted", [("VOID SLIPS,,,,", True), ("Dales,,,,", False), (",2025-03-01,,,Void", False), ("Avoided,,,,", False)]
)
def test_a_section_of_rows_that_are_no_records(warehouse, heading, is_noted):
    records = [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(6)]
    entry = warehouse.land("crimes", *records[:3], heading, *records[3:])
    note = "line 5 says 'void' and nothing else, and the rows below it count: leave them out if they should not"
    assert (entry.rows_landed, note in entry.drift) == (6, is_noted), entry.drift


@pytest.mark.parametrize(
    "row,below,outcome",
    [
        (OTHER, "High Peak,2025-03-01,92D,Recorded,12", "held"),
        (OTHER, None, "accepted"),
        # A record with faults, a heading and the file's own header again are no such header.
        ("C7,soon,what,state,sum", "C8,2025-03-01,92D,Recorded,Dales", "accepted"),
        (",soon,what,state,sum", "C8,2025-03-01,92D,Recorded,Dales", "accepted"),
        ("Pending,soon,92D,Recorded,Dales", "C8,2025-03-01,92D,Recorded,Dales", "accepted"),
        ("Void slips,,,,", "C8,2025-03-01,92D,Recorded,Dales", "accepted"),
        ("Crime Ref,Recorded on,Offence,Status,Area", "C8,2025-03-01,92D,Recorded,Dales", "accepted"),
    ],
)
def test_rows_of_another_table_below(warehouse, row, below, outcome):
    """As many columns, dates where the first has them: twelve totals counted as crimes."""
    records = [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(6)]
    entry = warehouse.land("crimes", *records, "", row, *([below] if below else []))
    assert (entry.outcome, entry.rows_quarantined) == (outcome, 1), entry.reason
    if outcome == "held":
        assert entry.reason.startswith("line 9 looks like the header of another table, and the rows below it are read as")
