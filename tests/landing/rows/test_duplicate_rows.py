"""Keys that repeat within a file, doubled feeds, and files with only a header."""

import pytest

STREET = "Crime ID,Month,Crime type,LSOA name"


def crimes(n: int, first: int = 0) -> list[str]:
    return [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(first, first + n)]


def counts(entry):
    return entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate


def test_identical_rows_are_merged(warehouse):
    rows = [
        "C1,2025-03-01,92D,Recorded,,x",
        "C1, 01/03/2025,92D,RECORDED,,y",
        "C2,2025-03-01,92D,Recorded,,x",
    ]
    entry = warehouse.land("crimes", *rows, header="crime_ref,recorded_on,offence_code,status,lpu,note")
    assert counts(entry) == (3, 2, 0, 1)
    assert [(r["_key"], r["_line"]) for r in warehouse.raw(entry)] == [("C1", "2"), ("C2", "4")]


CASES = [
    ("incidents", "I1,INCIDENT,2025-03-01,Drugs;ASB,,999,Dales", "I1,incident,2025-03-01,drugs; asb,,999,DALES"),
    ("intelligence", "N1,2025-03-01,Officer,Drugs,Dales", "N1,2025-03-01,OFFICER,DRUGS,dales"),
    ("stop_search", "S1,2025-03-01,,Controlled drugs,,Y,,,Dales", "S1,2025-03-01,,controlled DRUGS,,y,,,dales"),
]


@pytest.mark.parametrize(("extract", "row", "shouted"), CASES)
def test_rows_are_identical_whatever_the_case_of_what_the_contract_compares_without(warehouse, extract, row, shouted):
    """In one file, in the same extraction again, and in two of the same time."""
    assert counts(warehouse.land(extract, row, shouted)) == (2, 1, 0, 1)
    assert warehouse.land(extract, shouted, row).outcome == "known"
    other = warehouse.land(extract, shouted, end="2026-01-01")
    assert (other.outcome, other.rows_landed, other.rows_quarantined) == ("accepted", 1, 0)


def test_equal_amounts_are_identical(warehouse):
    entry = warehouse.land("confiscation_orders", "O1,2025-03-01,Other,£1,5", "O1,01/03/2025,other,1.00,(5)")
    assert counts(entry) == (2, 0, 2, 0)
    entry = warehouse.land(
        "confiscation_orders", "O1,2025-03-01,Other,£1,5", "O1,01/03/2025,other,1.00,5", at="20260106T000000Z"
    )
    assert counts(entry) == (2, 1, 0, 1)


def test_all_rows_of_a_key_with_different_content_are_quarantined(warehouse):
    rows = ["C1,2025-03-01,92D,Recorded,", "C1,2025-03-01,92D,Recorded,", "C2,2025-03-01,92D,Recorded,",
            "C1,2025-03-01,92D,Cancelled,"]  # fmt: skip
    entry = warehouse.land("crimes", *rows)
    assert counts(entry) == (4, 1, 3, 0)
    assert entry.quarantine_reasons == {"key repeated with other content": 3}
    assert {r["_reasons"] for r in warehouse.quarantine(entry)} == {
        "crime_ref: the same key with other content on lines 2, 3, 5"
    }
    assert {r["_key"] for r in warehouse.withheld(entry)} == {"C1"}


def test_reason_names_only_the_first_lines(warehouse):
    entry = warehouse.land("crimes", *(f"C1,2025-03-{i:02},92D,Recorded," for i in range(1, 10)))
    assert warehouse.quarantine(entry)[0]["_reasons"].endswith("on lines 2, 3, 4, 5, 6 and 4 more")


def test_a_bad_row_differs_from_a_good_one(warehouse):
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,", "C1,2025-03-01,92D,Open,", "C1,2025")
    assert counts(entry) == (3, 0, 3, 0)
    second = warehouse.quarantine(entry)[1]["_reasons"]
    assert second.startswith("status: 'Open' is not one of") and "; crime_ref: the same key" in second


def test_identical_bad_rows_are_not_merged_and_have_only_their_own_reason(warehouse):
    entry = warehouse.land("crimes", *["C1,2025-03-01,92D,Open,"] * 2)
    assert counts(entry) == (2, 0, 2, 0)
    assert entry.quarantine_reasons == {"status: is not one of its values": 2}
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Open,", "C1,2025-03-01,92D,Shut,", at="20260106T000000Z")
    assert entry.quarantine_reasons == {
        "key repeated with other content": 2,
        "status: is not one of its values": 2,
    }


def test_blank_keys_are_not_the_same_key(warehouse):
    entry = warehouse.land("crimes", ",2025-03-01,92D,Recorded,", ",2025-03-02,92D,Recorded,")
    assert entry.quarantine_reasons == {"crime_ref: blank": 2}


def test_doubled_feed_is_held_before_repeats_are_merged(warehouse):
    entry = warehouse.land("crimes", *crimes(50), *crimes(50))
    assert entry.outcome == "held"
    assert entry.reason.startswith("doubled feed: every distinct row of the file occurs an even number of times")
    assert entry.load_id and counts(entry) == (100, 50, 0, 50)
    assert len(warehouse.raw(entry)) == 50


def test_columns_outside_the_contract_do_not_hide_a_doubled_feed(warehouse):
    rows = [f"{row},{n}" for n, row in enumerate(crimes(50) * 2)]
    entry = warehouse.land("crimes", *rows, header="crime_ref,recorded_on,offence_code,status,lpu,row number")
    assert entry.outcome == "held"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (crimes(49) * 2, "98 rows"),
        (crimes(49) * 4, "49 distinct ones"),
        (crimes(50) * 2 + crimes(1), "one three times"),
        (crimes(60) + crimes(59), "one once"),
        (crimes(50) * 3, "all three times"),
    ],
)
def test_repeats_that_are_no_doubled_feed(warehouse, rows, reason):
    assert warehouse.land("crimes", *rows).outcome == "accepted", reason


@pytest.mark.parametrize(
    ("ragged", "outcome"),
    [
        (["C1,2025"] * 2, "held"),
        (["C1,2025", " C1 ,2025"], "held"),
        (["C1,2025"], "accepted"),
        (["C1,2025", "C1,2026"], "accepted"),
        (["C1,2025,92D,Recorded,Dales,x", "C1,2025,92D,Recorded,Dales,y"], "accepted"),
    ],
)
def test_rows_with_the_wrong_width_count_as_rows_of_the_feed(warehouse, ragged, outcome):
    assert warehouse.land("crimes", *crimes(50) * 2, *ragged).outcome == outcome


def test_rows_with_the_wrong_width_count_as_rows_of_a_group(warehouse):
    text = street({"Burglary": [1] * 300, "Drugs": [2] * 49}) + ",2024-01,Drugs\n" * 2
    warehouse.put("2024-01-derbyshire-street.csv", text)
    warehouse.put("2024-01-leicestershire-street.csv", street({"Drugs": [2] * 50}) + ",2024-01,Drugs\n")
    (first, second) = warehouse.night()
    assert first.outcome == "held" and "Crime type 'Drugs'" in first.reason and second.outcome == "accepted"


def street(kinds: dict[str, list[int]]) -> str:
    lines = [
        f",2024-01,{kind},Amber Valley {i:03}A" for kind, times in kinds.items() for i, n in enumerate(times) for _ in range(n)
    ]
    return "\n".join([STREET, *lines]) + "\n"


def test_one_doubled_group_holds_the_file(warehouse):
    warehouse.put("2024-01-derbyshire-street.csv", street({"Burglary": [1] * 300, "Drugs": [2] * 49 + [4]}))
    (entry,) = warehouse.night()
    assert entry.outcome == "held" and "Crime type 'Drugs'" in entry.reason and "102 rows" in entry.reason


@pytest.mark.parametrize("times", [[2] * 49 + [3], [2] * 49, [40] * 49])
def test_repeats_that_are_no_doubled_group(warehouse, times):
    warehouse.put("2024-01-derbyshire-street.csv", street({"Burglary": [1] * 300, "Drugs": times}))
    (entry,) = warehouse.night()
    assert entry.outcome == "accepted"
    # Rows of these files are identified by file and line: each identical row is a crime of its own.
    assert counts(entry) == (300 + sum(times), 300 + sum(times), 0, 0)


def test_doubled_file_of_small_groups_is_held(warehouse):
    warehouse.put("2024-01-derbyshire-street.csv", street({f"kind {i}": [2] * 10 for i in range(6)}))
    (entry,) = warehouse.night()
    assert entry.outcome == "held" and "of the file" in entry.reason


@pytest.mark.parametrize(
    ("extract", "end", "outcome"),
    [
        ("incidents", "2025-01-07", "held"),
        ("incidents", "2025-01-06", "accepted"),
        ("crimes", "2025-12-31", "held"),
        ("confiscation_orders", "2025-12-31", "accepted"),
    ],
)
def test_header_without_rows(warehouse, extract, end, outcome):
    entry = warehouse.land(extract, end=end)
    assert entry.outcome == outcome and counts(entry) == (0, 0, 0, 0)
    assert warehouse.raw(entry) == []
    if outcome == "held":
        assert entry.reason.startswith("header and no rows")


def test_an_empty_month_of_searches_is_held(warehouse):
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", "Date,Object of search\n")
    assert warehouse.night()[0].outcome == "held"
