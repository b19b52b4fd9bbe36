"""Files that have mostly bad rows, American dates or another extract's columns are held or refused. Just inside each limit they
land."""

import pytest

from dagster_project.core.config import ConfigError, read_config

LATER, LAST = "20260106T020000Z", "20260107T020000Z"


def crimes(first, last):
    return [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(first, last)]


def write_limits(warehouse, text):
    warehouse.home.config_file.write_text(f"[believe]\n{text}\n", encoding="utf-8")


@pytest.mark.parametrize("rows,bad,outcome", [(20, 11, "held"), (20, 10, "accepted"), (19, 19, "accepted"), (21, 11, "held")])
def test_file_with_mostly_bad_rows_is_held(warehouse, rows, bad, outcome):
    good = crimes(bad, rows)
    entry = warehouse.land("crimes", *[r.replace("Recorded", "Odd") for r in crimes(0, bad)], *good)
    assert (entry.outcome, entry.rows_quarantined, entry.rows_landed) == (outcome, bad, rows - bad)
    if outcome == "held":
        assert f"{bad} of {rows} rows" in entry.reason


def american(n, of, other=0):
    """`of` rows: `n` with a day that cannot be a month, `other` with the day first."""
    days = [f"03/{13 + i % 15}/2025" for i in range(n)] + [f"{13 + i % 15}/03/2025" for i in range(other)]
    days += [f"0{i % 9 + 1}/05/2025" for i in range(of - len(days))]
    return [f"C{i},{day},92D,Recorded," for i, day in enumerate(days)]


@pytest.mark.parametrize(
    "n,of,other,outcome",
    [(1, 1, 0, "refused"), (2, 200, 0, "refused"), (1, 101, 0, "accepted"), (2, 200, 1, "accepted"), (0, 50, 0, "accepted")],
)
def test_american_dates_are_refused_with_the_mapping_line_to_add(warehouse, n, of, other, outcome):
    entry = warehouse.land("crimes", *american(n, of, other))
    assert entry.outcome == outcome
    if outcome == "refused":
        assert 'dates: {recorded_on: "%m/%d/%Y"}' in entry.reason and entry.rows_refused == of


def test_mapping_line_of_the_reason_makes_the_file_land(warehouse):
    rows = [f"I{i},INCIDENT,3/{i + 1}/2025 {i % 12 + 1}:05 PM,Drugs,,," for i in range(31)]
    entry = warehouse.land("incidents", *rows)
    assert entry.outcome == "refused"
    line = entry.reason[entry.reason.index("dates: {") :]
    (warehouse.home.mappings / "m.yml").write_text(f"extract: incidents\nforces: [derbyshire]\n{line}\n", encoding="utf-8")
    entry = warehouse.land("incidents", *rows)
    assert entry.outcome == "accepted" and entry.rows_landed == 31
    assert warehouse.raw(entry)[30]["created_at"] == "2025-03-31 19:05:00"


def test_reason_names_every_column_with_american_dates(warehouse):
    (warehouse.home.mappings / "m.yml").write_text(
        'extract: pspos\nheaders: {starts_on: {join: [D, T]}}\ndates: {ends_on: "%Y.%m.%d"}\n', encoding="utf-8"
    )
    entry = warehouse.land("pspos", text="order_ref,authority,D,T,ends_on\nP1,A,12/31/2024,10:00,12/31/2025\n")
    assert 'add to the mapping dates: {starts_on: "%m/%d/%Y %H:%M", ends_on: "%m/%d/%Y"}' in entry.reason


def test_the_limits_are_settings(warehouse):
    shares = "withdrawn_share = 0.9\nquarantined_share = 0.1\namerican_share = 0.5"
    write_limits(warehouse, f"{shares}\nwithdrawn_rows = 10\nquarantined_rows = 2")
    warehouse.land("crimes", *crimes(0, 20))
    assert warehouse.land("crimes", *crimes(0, 2), at=LATER).outcome == "accepted"
    warehouse.land("crimes", *crimes(0, 20), at=LAST)
    assert warehouse.land("crimes", *crimes(0, 1), at="20260108T020000Z").outcome == "held"
    bad = [r.replace("Recorded", "Odd") for r in crimes(0, 1)]
    assert warehouse.land("crimes", *bad, *crimes(1, 20), at="20260109T020000Z").outcome == "accepted"
    bad = [r.replace("Recorded", "Odd") for r in crimes(0, 3)]
    assert warehouse.land("crimes", *bad, *crimes(3, 20), at="20260110T020000Z").outcome == "held"
    rows = [*american(4, 10), *crimes(20, 40)]
    assert warehouse.land("crimes", *rows, force="leicestershire").outcome == "held"
    write_limits(warehouse, "withdrawn_share = 2")
    with pytest.raises(ConfigError, match=r"believe\.withdrawn_share"):
        read_config(warehouse.home)


MDA = "order_ref,order_date,amount,recipient"


@pytest.mark.parametrize(
    "extract,header,row,outcome",
    [
        ("forfeiture_orders", MDA, "M{0},2025-03-01,100,Police", "held"),
        ("forfeiture_orders", f"{MDA},seizure_ref", "M{0},2025-03-01,100,Police,S{0}", "accepted"),
        ("forfeiture_orders", "order_ref,order_date,amount,paid_to", "M{0},2025-03-01,100,Police", "accepted"),
        ("mda_orders", MDA, "M{0},2025-03-01,100,Police", "accepted"),
        # Files of data.police.uk have no references, so further columns of a crimes file may have the same names.
        ("crimes", "crime_ref,recorded_on,offence_code,status,month,crime_type,longitude,latitude,location,lsoa_name",
         "C{0},2025-03-01,92D,Recorded,2025-03,Drugs,1,52,Street,Amber Valley 001A", "accepted"),
    ],
)  # fmt: skip
def test_a_file_with_the_columns_of_another_extract(warehouse, extract, header, row, outcome):
    entry = warehouse.land(extract, *(row.format(n) for n in range(5)), header=header)
    assert entry.outcome == outcome, entry.reason
    if outcome == "held":
        assert entry.reason.startswith("has the columns of mda_orders, recipient among them, and its name says forfeiture_")
