"""Unusual but correct nights pass the gate: people switch off a gate that gives false alarms.

Forces here have one file, one row or one kind of file.
"""

import csv
from pathlib import Path

import pytest
from support import candidate, failed, publish_night, published, write_extract

from dagster_project.core.home import Home
from dagster_project.nights.night_run import NightRun

STREET = [
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code", "LSOA name",
    "Crime type", "Last outcome category", "Context",
]  # fmt: skip
SEARCH = ["Type", "Date", "Part of a policing operation", "Policing operation", "Latitude", "Longitude", "Gender",
          "Age range", "Self-defined ethnicity", "Officer-defined ethnicity", "Legislation", "Object of search", "Outcome",
          "Outcome linked to object of search", "Removal of more than just outer clothing"]  # fmt: skip


TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status", "result"]


def drop_one_row_and_headers(inbox: Path) -> None:
    """A force without units and with one row of 2015. A header without rows means zeros, in extracts that may be empty."""
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
    """Files that two forces published on data.police.uk, of February 2017 and November 2025."""
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


def drop_part_of_a_month(inbox: Path) -> None:
    """A street file that covers the last days of a month: its rows say the month alone."""
    rows = [["1", "2025-10", "Drugs"], ["2", "2025-10", "Burglary"]]
    columns = ["Crime ID", "Month", "Crime type"]
    write_extract(inbox, "street_crime", rows, columns=columns, force="gwent", window=("2025-10-15", "2025-10-31"))


def drop_a_column_from_the_middle_of_a_month(inbox: Path) -> None:
    """A few incidents, whose channel the later of two files lacks."""
    columns = ["incident_ref", "record_type", "created_at", "qualifiers", "channel"]
    for first, last, n, names in ((1, 20, 3, columns), (15, 28, 4, columns[:-1])):
        rows = [[f"{last}-{i}", "INCIDENT", f"2025-02-{first + i:02d}", "Drugs", "999"][: len(names)] for i in range(n)]
        window = (f"2025-02-{first:02d}", f"2025-02-{last}")
        write_extract(inbox, "incidents", rows, columns=names, force="gwent", window=window, stamp=f"202503{first:02d}T020000Z")


@pytest.fixture(scope="module")
def unusual_run(tmp_path_factory: pytest.TempPathFactory) -> NightRun:
    """One published night of all these files."""
    home = Home(tmp_path_factory.mktemp("unusual_run") / "home").create()
    drop_one_row_and_headers(home.inbox)
    drop_police_uk(home.inbox)
    drop_part_of_a_month(home.inbox)
    drop_a_column_from_the_middle_of_a_month(home.inbox)
    return publish_night(home)


def test_unusual_but_correct_files_only_fail_freshness(unusual_run: NightRun) -> None:
    """Rates over zero are null and pass; so do four weeks of rows with no earlier weeks, and blank units of data.police.uk.
    Stop and search must be nightly, whoever publishes it.
    """
    assert {e.outcome for e in unusual_run.entries} == {"accepted"} and unusual_run.receipt.outcome == "published"
    late = {"cash_seizures", "crimes", "drug_tests", "incidents", "stop_search", "street_crime"}
    assert {(subject, rule) for subject, rule, _ in failed(unusual_run.checks)} == {(extract, "freshness") for extract in late}


def test_figures_of_a_single_row_and_of_a_header_without_rows(unusual_run: NightRun) -> None:
    rows = published(
        unusual_run.home,
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
    extracts = published(unusual_run.home, "select distinct extract from meta.extracts where force_code = 'kent'")
    assert extracts == [("drug_tests",)]
    of_derbyshire = "force_code = 'derbyshire' and data_status = 'complete'"
    for mart in ("mart_drug_tests", "mart_cash_seizures"):
        totals = f"select count(*), sum(value) from marts.{mart} where unit = 'count' and {of_derbyshire}"
        ((figures, total),) = published(unusual_run.home, totals)
        assert figures > 0 and total == 0
    rates = f"select distinct value, denominator from marts.mart_drug_tests where unit = 'percent' and {of_derbyshire}"
    assert published(unusual_run.home, rates) == [(None, 0)]


def test_figures_of_a_street_file_of_part_of_a_month(unusual_run: NightRun) -> None:
    rows = published(
        unusual_run.home,
        "select category, value, data_status from marts.mart_street_crime where force_code = 'gwent' and area_type = 'force'"
        " and period_type = 'month' and data_status <> 'not_available' order by all",
    )
    assert rows == [("Burglary", 1, "partial"), ("Drugs", 1, "partial"), ("all", 2, "partial")]


def test_figures_of_data_police_uk_files(unusual_run: NightRun) -> None:
    drugs = published(
        unusual_run.home,
        "select force_code, value from marts.mart_street_crime where category = 'Drugs' and area_type = 'force' and"
        " period_type = 'month' and data_status = 'complete' order by all",
    )
    assert drugs == [("derbyshire", 3), ("essex", 3)]
    finds = published(
        unusual_run.home, "select distinct data_status, value from marts.mart_stop_search where measure = 'drug_finds'"
    )
    assert finds == [("not_available", None)]
    with candidate(unusual_run.home) as con:
        assert con.execute("select count(*) from gate.mart_facts where no_value_in_coverage > 0").fetchone() == (0,)
