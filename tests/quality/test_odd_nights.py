"""Correct nights that look like nothing usual must pass: a gate that cries wolf is switched off.

Every home here has few extracts or one kind of file, and nothing may hold the night.
"""

import csv
from datetime import date
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


def passes(run: NightRun) -> set[tuple[str, str]]:
    """Published; the warnings, by subject and rule."""
    assert run.receipt.outcome == "published"
    return {(subject, rule) for subject, rule, _ in failed(run.checks)}


def test_one_row_of_a_force_without_units_and_a_header_without_rows(new_home: Home) -> None:
    """One file, one row, 2015. A header is zeros, of extracts where that is not suspect; rates over nothing are null, which is
    no failure either. Nor are rows of four weeks with nothing to compare them with.
    """
    tests = ["custody_ref", "arrested_at", "trigger_offence", "test_status", "result"]
    march = {"window": ("2015-03-01", "2015-03-31"), "stamp": "20150401T020000Z"}
    row = ["D1", "2015-03-29T01:30:00", "Theft", "Completed", "Positive"]
    write_extract(new_home.inbox, "drug_tests", [row], columns=tests, force="kent", **march)
    crimes = [[f"C{n}", f"2015-03-{4 + n % 28:02d}", "92D", "Recorded", "Dales"] for n in range(60)]
    columns = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]
    write_extract(new_home.inbox, "crimes", crimes, columns=columns, **{**march, "window": ("2015-03-04", "2015-03-31")})
    write_extract(new_home.inbox, "drug_tests", [], columns=tests, **march)
    write_extract(new_home.inbox, "cash_seizures", [], columns=["seizure_ref", "order_date", "amount", "status"], **march)
    assert passes(publish_night(new_home, today=date(2015, 4, 1))) == set()
    rows = published(
        new_home,
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
    extracts = published(new_home, "select distinct extract from meta.extracts where force_code = 'kent'")
    assert extracts == [("drug_tests",)]
    of_derbyshire = "force_code = 'derbyshire' and data_status = 'complete'"
    for mart in ("mart_drug_tests", "mart_cash_seizures"):
        totals = f"select count(*), sum(value) from marts.{mart} where unit = 'count' and {of_derbyshire}"
        ((figures, total),) = published(new_home, totals)
        assert figures > 0 and total == 0
    rates = f"select distinct value, denominator from marts.mart_drug_tests where unit = 'percent' and {of_derbyshire}"
    assert published(new_home, rates) == [(None, 0)]


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def police_uk(new_home: Home) -> Home:
    """Two forces' published files of two months, one of them of 2017, and nothing else."""
    for month, force in (("2017-02", "essex"), ("2025-11", "derbyshire")):
        street = [
            [f"{n:04x}", month, "F", "F", "", "", "On or near X", "E1", ("Amber Valley 001A", "")[n % 2], kind, "", ""]
            for n, kind in enumerate(["Drugs", "Drugs", "Burglary", "Drugs"])
        ]
        write_rows(new_home.inbox / f"{month}-{force}-street.csv", STREET, street)
        searches = [
            ["Person search", f"{month}-{day:02d}T12:00:00+00:00", "", "", "", "", "", "", "", "", "", thing, "", "", ""]
            for day, thing in ((1, "Controlled drugs"), (2, ""), (27, "Stolen goods"))
        ]
        write_rows(new_home.inbox / f"{month}-{force}-stop-and-search.csv", SEARCH, searches)
    return new_home


def test_files_of_data_police_uk_alone(police_uk: Home) -> None:
    run = publish_night(police_uk)
    assert {e.outcome for e in run.entries} == {"accepted"}
    # Stop and search is nightly, whoever publishes it: a month of data.police.uk is late. Blank units are unplaced.
    assert passes(run) == {("stop_search", "freshness"), ("street_crime", "freshness")}
    drugs = published(
        police_uk,
        "select force_code, value from marts.mart_street_crime where category = 'Drugs' and area_type = 'force' and"
        " period_type = 'month' and data_status = 'complete' order by all",
    )
    assert drugs == [("derbyshire", 3), ("essex", 3)]
    finds = published(police_uk, "select distinct data_status, value from marts.mart_stop_search where measure = 'drug_finds'")
    assert finds == [("not_available", None)]
    with candidate(police_uk) as con:
        assert con.execute("select count(*) from audit.mart_facts where no_value_in_coverage > 0").fetchone() == (0,)
