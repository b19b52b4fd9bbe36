"""Files that follow the contract land, however much they look like others that are held or refused."""

import pytest

ISO_AND_UK = [f"N{n},2025-01-10,Dales" if n % 2 else f"N{n},31/10/2025,Dales" for n in range(30)]
FIRSTS_AND_UK = [f"N{n},2025-{n:02d}-01," for n in range(1, 13)] + [f"M{n},{n:02d}/03/2025," for n in range(1, 32)]
FIRSTS = [f"N{n},2025-{n:02d}-01,Dales" for n in range(1, 13)]


@pytest.mark.parametrize(
    "extract,rows,quarantined",
    [
        # A bad row whose reference has no digit is no header of another table.
        ("county_lines", ["Ace,2025-02-01,,", "Ricky,2025-03-01,,Dales", "Tommy,TBC,,Chesterfield", "Zed,2025-04-01,,"], 1),
        ("naloxone", ["alpha,2025-02-01,Dales", "bravo,unknown,Chesterfield", "charlie,2025-02-03,Dales"], 1),
        ("community_voices", ["a,2025-02-01,Noise,Dales", "bravo,last week,Parking,", "c,2025-02-03,Noise,Dales"], 1),
        ("pspos", ["A,Derby,2025-02-01,", "Town Centre,Chesterfield,to be confirmed,", "B,Derby,2025-02-03,"], 1),
        ("intelligence", ["a,2025-02-01,Officer,Drugs,", "b,soon,Police,Firearms,", "c,2025-02-03,Officer,Drugs,"], 1),
        # Dates of either form, and days that are swapped in no way.
        ("naloxone", ISO_AND_UK, 0),
        ("naloxone", FIRSTS_AND_UK, 0),
    ],
)
def test_files_of_the_contract_land(warehouse, extract, rows, quarantined):
    columns = ",".join(c.name for c in warehouse.contracts[extract].columns)
    entry = warehouse.land(extract, *rows, header=columns)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", quarantined), entry.reason


def test_firsts_of_months_outside_the_window_are_quarantined(warehouse):
    entry = warehouse.land("naloxone", *FIRSTS, header="administration_ref,administered_at,lpu", end="2025-01-31")
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 1, 11), entry.reason


@pytest.mark.parametrize("row", ["C1,2024-02-01,,,", "C1,2025-13-45,,,", "C1,2025-01-01"])
def test_a_sparse_bad_record_is_no_message(warehouse, row):
    entry = warehouse.land("crimes", row)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 1), entry.reason


def test_an_unknown_value_is_counted_once_a_row(warehouse):
    lists = ("Foo;Foo", "foo; Drugs", " FOO ;Foo", "ASB")
    rows = [f"I{n},INCIDENT,2025-03-01 10:00,{items},,,Dales" for n, items in enumerate(lists)]
    assert warehouse.land("incidents", *rows).unknown_values == {"qualifiers": {"Foo": 3}}
