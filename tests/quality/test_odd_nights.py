"""Correct nights that look like nothing usual must pass: a gate that cries wolf is switched off.

Forces here have one file, one row or one kind of file, and nothing may hold the night.
"""

import csv
from pathlib import Path

import pytest
from support import candidate, failed, publish_night, published, write_extract

from dagster_project.core.home import Home
from dagster_project.nights.run import NightRun

STREET = [
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code", "LSOA name",
    "Crime type", "Last outcome category", "Context",
]  # fmt: skip
SEARCH = ["Type", "Date", "Part of a policing operation", "Policing operation", "Latitude", "Longitude", "Gender",
          "Age range", "Self-defined ethnicity", "Officer-defined ethnicity", "Legislation", "Object of search", "Outcome",
          "Outcome linked to object of search", "Removal of more than just outer clothing"]  # fmt: skip


TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status", "result"]


def drop_one_row_and_headers(inbox: Path) -> None:
    """A force without units and one row of 2015. A header without rows is zeros, of extracts where that is not suspect."""
    march = {"window": ("2015-03-01", "2015-03-31"), "stamp": "20150401T020000Z"}
    row = ["D1", "2015-03-29T01:30:00", "Theft", "Completed", "Positive"]
    write_extract(inbox, "drug_tests", [row], columns=TESTS, force="kent", **march)
    crimes = [[f"C{n}", f"2015-03-{4 + n % 28:02d}", "92D", "Recorded", "Dales"] for n in range(60)]
    columns = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]
    write_extract(inbox, "crimes", crimes, columns=columns, **{**march, "window": ("2015-03-04", "2015-03-31")})
    write_extract(inbox, "drug_tests", [], columns=TESTS, **march)
    write_extract(inbox, "cash_seizures", [], columns=["seizure_ref", "order_date", "amount", "status"], **march)


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def drop_police_uk(inbox: Path) -> None:
    """Two forces' published files of two months, one of them of 2017."""
    for month, force in (("2017-02", "essex"), ("2025-11", "derbyshire")):
        street = [
            [f"{n:04x}", month, "F", "F", "", "", "On or near X", "E1", ("Amber Valley 001A", "")[n % 2], kind, "", ""]
            for n, kind in enumerate(["Drugs", "Drugs", "Burglary", "Drugs"])
        ]
        write_rows(inbox / f"{month}-{force}-street.csv", STREET, street)
        searches = [
            ["Person search", f"{month}-{day:02d}T12:00:00+00:00", "", "", "", "", "", "", "", "", "", thing, "", "", ""]
            for day, thing in ((1, "Controlled drugs"), (2, ""), (27, "Stolen goods"))
        ]
        write_rows(inbox / f"{month}-{force}-stop-and-search.csv", SEARCH, searches)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> NightRun:
    """One published night of all of them."""
    home = Home(tmp_path_factory.mktemp("odd") / "home").create()
    drop_one_row_and_headers(home.inbox)
    drop_police_uk(home.inbox)
    return publish_night(home)


def test_nothing_of_it_is_wrong_but_that_it_is_late(odd: NightRun) -> None:
    """Rates over nothing are null, which is no failure. Nor are rows of four weeks with nothing to compare them with, or blank
    units of data.police.uk. Stop and search is nightly, whoever publishes it.
    """
    assert {e.outcome for e in odd.entries} == {"accepted"} and odd.receipt.outcome == "published"
    late = {"cash_seizures", "crimes", "drug_tests", "stop_search", "street_crime"}
    assert {(subject, rule) for subject, rule, _ in failed(odd.checks)} == {(extract, "freshness") for extract in late}


def test_one_row_of_a_force_without_units_and_a_header_without_rows(odd: NightRun) -> None:
    rows = published(
        odd.home,
        "select area_type, area_code, measure, value, data_status from marts.mart_drug_tests where period_type = 'month'"
        " and period_start = date '2015-03-01' and measure in ('tests_positive', 'positivity_rate') and category = 'all'"
        " and force_code = 'kent' order by all",
    )
    assert rows == [
        ("force", "kent", "positivity_rate", 100, "complete"),
        ("force", "kent", "tests_positive", 1, "complete"),
        ("lpu", "unknown", "positivity_rate", 100, "complete"),
        ("lpu", "unknown", "tests_positive", 1, "complete"),
    ]
    extracts = published(odd.home, "select distinct extract from meta.extracts where force_code = 'kent'")
    assert extracts == [("drug_tests",)]
    of_derbyshire = "force_code = 'derbyshire' and data_status = 'complete'"
    for mart in ("mart_drug_tests", "mart_cash_seizures"):
        totals = f"select count(*), sum(value) from marts.{mart} where unit = 'count' and {of_derbyshire}"
        ((figures, total),) = published(odd.home, totals)
        assert figures > 0 and total == 0
    rates = f"select distinct value, denominator from marts.mart_drug_tests where unit = 'percent' and {of_derbyshire}"
    assert published(odd.home, rates) == [(None, 0)]


def test_files_of_data_police_uk_alone(odd: NightRun) -> None:
    drugs = published(
        odd.home,
        "select force_code, value from marts.mart_street_crime where category = 'Drugs' and area_type = 'force' and"
        " period_type = 'month' and data_status = 'complete' order by all",
    )
    assert drugs == [("derbyshire", 3), ("essex", 3)]
    finds = published(odd.home, "select distinct data_status, value from marts.mart_stop_search where measure = 'drug_finds'")
    assert finds == [("not_available", None)]
    with candidate(odd.home) as con:
        assert con.execute("select count(*) from audit.mart_facts where no_value_in_coverage > 0").fetchone() == (0,)
