"""Rows that do not count are reported: references that restart, files that contradict each other, a row in quarantine that
leaves a month with 0."""

import re
from collections.abc import Callable

import pytest
from support import publish_night, published, write_extract

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts

NALOXONE = ["administration_ref", "administered_at", "lpu"]
CRIMES = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]
INPUTS = ["input_ref", "delivered_on", "phase", "young_people"]
SEIZURES = ["seizure_ref", "order_date", "amount", "status"]
INTELLIGENCE = ["intel_ref", "submitted_on", "source", "themes", "lpu"]
SEPTEMBER, OCTOBER = ("2025-09-01", "2025-09-30"), ("2025-10-01", "2025-10-31")
AUTUMN = ("2025-09-01", "2025-11-30")


def crimes(n: int, unit: str) -> list[list[str]]:
    return [[f"C{i}", "2025-10-05", "92D", "Recorded", unit] for i in range(n)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after two published nights."""
    home = Home(tmp_path_factory.mktemp("autumn") / "home").create()
    inbox = home.inbox
    for numbers, month, window, stamp in (3, "09", SEPTEMBER, "20251001T020000Z"), (4, "10", OCTOBER, "20251101T020000Z"):
        rows = [[str(n), f"2025-{month}-{n + 10} 10:00", "Dales"] for n in range(1, numbers + 1)]
        write_extract(inbox, "naloxone", rows, columns=NALOXONE, window=window, stamp=stamp)
    write_extract(inbox, "cash_seizures", [["S1", "2025-09-09", "100", "Seized"]], columns=SEIZURES, window=SEPTEMBER)
    inputs = [["I1", "2025-09-05", "Primary", "30"], ["I2", "2025-09-06", "Primary", "30"]]
    write_extract(inbox, "school_inputs", inputs, columns=INPUTS, window=SEPTEMBER, stamp="20251001T020000Z")
    write_extract(inbox, "crimes", crimes(30, "Dales"), columns=CRIMES, window=OCTOBER)
    for first, window in (0, SEPTEMBER), (40, AUTUMN):
        items = [[f"I{n}", "2025-09-05", "Officer", "Drugs", "Dales" if first else "Erewash"] for n in range(first, first + 50)]
        write_extract(inbox, "intelligence", items, columns=INTELLIGENCE, window=window)
    publish_night(home)
    write_extract(inbox, "crimes", crimes(25, "Erewash"), columns=CRIMES, window=AUTUMN)
    write_extract(inbox, "school_inputs", [], columns=INPUTS, window=SEPTEMBER, stamp="20251002T020000Z")
    seized = [["S1", "2025-09-09", "100", "Taken"]]
    write_extract(inbox, "cash_seizures", seized, columns=SEIZURES, window=SEPTEMBER, stamp="20260106T020000Z")
    publish_night(home)
    return home


def figures(home: Home, mart: str, measure: str, period: str) -> list[tuple]:
    return published(
        home, f"select value, data_status from marts.{mart} where measure = '{measure}' and period_label = '{period}'"
        " and category = 'all' and area_type = 'force'",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mart", "measure", "explanation"),
    [
        (
            "mart_naloxone", "naloxone_administrations",
            "3 rows dated in this period, of naloxone__derbyshire__2025-09-01__2025-09-30__20251001T020000Z.csv, are replaced"
            " by rows of naloxone__derbyshire__2025-10-01__2025-10-31__20251101T020000Z.csv with the same key",
        ),
        (
            "mart_school_inputs", "inputs_delivered",
            "2 rows dated in this period, of school_inputs__derbyshire__2025-09-01__2025-09-30__20251001T020000Z.csv, are"
            " withdrawn: school_inputs__derbyshire__2025-09-01__2025-09-30__20251002T020000Z.csv covers the day and lacks it",
        ),
        (
            "mart_cash_seizures", "orders_obtained",
            "1 row dated in this period, of cash_seizures__derbyshire__2025-09-01__2025-09-30__20260106T020000Z.csv, is in"
            " quarantine: status: 'Taken' is not one of",
        ),
    ],
)  # fmt: skip
def test_trace_explains_a_zero_without_rows(pam: Callable, home: Home, mart: str, measure: str, explanation: str) -> None:
    assert figures(home, mart, measure, "Sep 2025") == [(0, "complete")]
    text = pam("trace", measure, "--mart", mart, "--period", "Sep 2025", "--home", home.path).stdout
    assert "0 rows make 0" in text and [line for line in text.splitlines() if line.startswith(explanation)], text
    first = read_receipts(home)[0].night_id
    if mart == "mart_school_inputs":
        before = pam("trace", measure, "--mart", mart, "--period", "Sep 2025", "--night", first, "--home", home.path)
        assert "2 rows make 2" in before.stdout and "withdrawn" not in before.stdout, before.output
    if mart == "mart_cash_seizures":
        assert "'Seized'" not in text, "a newer file has replaced it"
        before = pam("trace", measure, "--mart", mart, "--period", "Sep 2025", "--night", first, "--home", home.path).stdout
        assert "'Seized'" in before and "'Taken'" not in before, "that came later"


def test_trace_adds_nothing_to_a_true_zero(pam: Callable, home: Home) -> None:
    text = pam("trace", "naloxone_administrations", "--from", "2025-09-01", "--to", "2025-09-05", "--home", home.path).stdout
    assert "0 rows make 0" in text and "dated in this period" not in text


def test_restarted_references_are_a_warning(pam: Callable, home: Home) -> None:
    (warning,) = (c for c in read_receipts(home)[0].checks if c["rule"] == "rows_replaced" and not c["passed"])
    assert "3 of naloxone__derbyshire__2025-09-01" in warning["found"] and warning["severity"] == "warning"
    text = pam("status", "--home", home.path).stdout
    assert re.search(r"(?m)^(Notes|  ) +naloxone__.*: 3 rows of naloxone__derbyshire__2025-09-01", text), text


def test_two_contradicting_files_are_both_held(pam: Callable, home: Home) -> None:
    first, second = read_receipts(home)
    outcomes = [[(f["extract"], f["outcome"]) for f in r.files if f["extract"] == "crimes"] for r in (first, second)]
    assert outcomes == [[("crimes", "accepted")], [("crimes", "held"), ("crimes", "held")]]
    assert figures(home, "mart_drug_offences", "possession_offences", "Oct 2025") == [], "no file is accepted now"
    differences = pam("diff", first.night_id, second.night_id, "--home", home.path).stdout
    assert "held" in differences and "no file: a reference list" not in differences, differences


def test_receipt_and_status_have_final_counts_and_reasons(pam: Callable, home: Home) -> None:
    files = [f for f in read_receipts(home)[0].files if f["extract"] == "intelligence"]
    assert [(f["rows_landed"], f["rows_quarantined"]) for f in files] == [(40, 10), (40, 10)]
    text = pam("status", "--home", home.path).stdout
    assert text.count("10 rows of 50 (20.0%): 10 differs from an extraction of the same time") == 2
