"""A force's raw exports, monthly Excel files and yearly text files, become published figures with no manual step."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support import candidate, land_night, night

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import read_ledger
from dagster_project.nights.health import find_problems

sys.path.insert(0, str(Path(__file__).parents[1]))
from landing.workbook import workbook

MAPPINGS = {
    "logs.yml": """
extract: incidents
forces: [kent]
files: [{name: "Incident list {month:%B %Y}.xlsx"}]
table: {sheet: 2, ignore: {incident_ref: ["TOTAL*", "Source:*"]}}
headers:
  incident_ref: Incident No
  record_type: Kind
  created_at: {join: [Opened Date, Opened Time], with: " "}
  qualifiers: {list: [Qualifier 1, Qualifier 2, Qualifier 3]}
  grade: Initial Grade
values:
  record_type: {Log: INCIDENT, "*": ROC}
  qualifiers: {"Drug*": Drugs}
  grade: {Grade 1: Emergency, Grade 2: Priority, "*": Scheduled}
""",
    "custody.yml": """
extract: drug_tests
forces: [kent]
files: [{name: "Drug tests {year:%Y} (*).csv"}]
table: {ignore: {custody_ref: "Total*"}}
headers: {custody_ref: Custody Record, arrested_at: {join: [Date, Time]}, trigger_offence: Offence, test_status: Test Result,
  result: Test Result, cocaine: Test Result, opiates: Test Result}
values:
  test_status: {R: Refused, "*": Completed}
  result: {N: Negative, R: "", "*": Positive}
  cocaine: {PC: Positive, PB: Positive, R: "", "*": Negative}
  opiates: {PO: Positive, PB: Positive, R: "", "*": Negative}
""",
}
MONTHS = {9: "September", 10: "October", 11: "November"}
EXTRACTED = datetime(2025, 12, 2, 7, tzinfo=UTC).timestamp()


def logs(month: int, n: int) -> bytes:
    """A month of `n` logs: every third with drugs, one of two of these an emergency; a cover sheet, titles and a total."""
    head = ["Incident No", "Kind", "Opened Date", "Opened Time", "Qualifier 1", "Qualifier 2", "Qualifier 3", "Initial Grade"]
    rows = [
        [f"L{month}-{i}", "Log" if i % 2 == 0 else "Contact", date(2025, month, i % 28 + 1), datetime(1899, 12, 30, 9, 5),
         "Drug related" if i % 3 == 0 else "Theft", None, "Alcohol", "Grade 1" if i % 4 == 0 else "Grade 9"]
        for i in range(n)
    ]  # fmt: skip
    return workbook([["Incidents"]], [["Incident list"], [None], head, *rows, ["TOTAL", n], ["Source: command and control"]])


def year_of_tests() -> str:
    codes = ["PC", "PO", "PB", "N", "R"]
    rows = [f"T{i}\t{i % 28 + 1:02}/{i % 11 + 1:02}/2025\t10:00\tTheft\t{codes[i % 5]}" for i in range(110)]
    return "\n".join(["Drug tests on arrest", "", "Custody Record\tDate\tTime\tOffence\tTest Result", *rows, "Total: 110", ""])


def drop(folder: Path, name: str, data: bytes | str, mtime: float = EXTRACTED) -> Path:
    path = folder / name
    folder.mkdir(exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    os.utime(path, (mtime, mtime))
    return path


@pytest.fixture
def kent_home(new_home: Home) -> Home:
    for name, text in MAPPINGS.items():
        (new_home.mappings / name).write_text(text, encoding="utf-8")
    return new_home


def figures(home: Home, mart: str, measure: str) -> list[tuple]:
    with candidate(home) as con:
        return con.execute(
            f"select month(period_start)::int, cast(value as int) from warehouse.marts.{mart} where force_code = 'kent' and"
            f" measure = '{measure}' and area_type = 'force' and category = 'all' and period_type = 'month' and"
            " month(period_start) between 9 and 11 and value is not null order by 1",
        ).fetchall()


def test_every_figure_of_a_force_s_own_exports_is_right(kent_home: Home) -> None:
    for month, name in MONTHS.items():
        drop(kent_home.inbox, f"incident list {name} 2025.xlsx", logs(month, 60 + month))
    drop(kent_home.inbox, "Drug tests 2025 (all suites).csv", year_of_tests())
    with night(kent_home) as run:
        run.land()
        run.build_part({"mart_incidents", "mart_drug_tests"})
    assert [e.outcome for e in run.entries] == ["accepted"] * 4, [e.reason for e in run.entries]
    assert {e.rows_quarantined for e in run.entries} == {0}
    drugs = [(m, sum(i % 3 == 0 and i % 2 == 0 for i in range(60 + m))) for m in MONTHS]
    assert figures(kent_home, "mart_incidents", "incidents_drugs") == drugs
    emergencies = [(m, sum(i % 3 == 0 and i % 4 == 0 for i in range(60 + m))) for m in MONTHS]
    assert figures(kent_home, "mart_incidents", "incidents_drugs_emergency") == emergencies
    completed = {m: sum(i % 11 + 1 == m and i % 5 != 4 for i in range(110)) for m in MONTHS}
    assert figures(kent_home, "mart_drug_tests", "tests_completed") == list(completed.items())
    cocaine = [(m, sum(i % 11 + 1 == m and i % 5 == 0 for i in range(110))) for m in MONTHS]
    assert figures(kent_home, "mart_drug_tests", "positive_cocaine") == cocaine
    # The year's window ends on the day of extraction, so it has only the first two days of December.
    assert {str(e.covered_to) for e in run.entries if e.extract == "drug_tests"} == {"2025-12-02"}
    # A file that is dropped again changes nothing.
    drop(kent_home.inbox, "Incident list November 2025.xlsx", logs(11, 71))
    assert [e.outcome for e in land_night(kent_home)] == ["known"]


def test_a_past_period_takes_only_files_with_rows_in_it(kent_home: Home, tmp_path: Path) -> None:
    """tests/cli/test_backfill.py tests the command and its whole night."""
    text = MAPPINGS["custody.yml"].replace('name: "Drug tests {year:%Y} (*).csv"', 'name: "Tests*.csv", covers: months')
    (kent_home.mappings / "custody.yml").write_text(text, encoding="utf-8")
    drop(tmp_path / "old", "Tests of the past.csv", year_of_tests())
    later = year_of_tests().replace("/2025", "/2023")
    drop(tmp_path / "old", "Tests, other.csv", later)
    land_night(kent_home, tmp_path / "old", period=(date(2025, 1, 1), date(2025, 12, 31)))
    assert [(e.source_file, str(e.covered_from), str(e.covered_to)) for e in read_ledger(kent_home)] == [
        ("Tests of the past.csv", "2025-01-01", "2025-11-30")
    ]


def test_held_refused_and_waiting_files_are_reported_with_reasons(pam: Callable, kent_home: Home) -> None:
    drop(kent_home.inbox, "Drug tests 2025 (a).csv", year_of_tests())
    land_night(kent_home)
    few = "\n".join(year_of_tests().split("\n")[:10]) + "\n"
    drop(kent_home.inbox, "Drug tests 2025 (b).csv", few, EXTRACTED + 60)
    drop(kent_home.inbox, "Drug tests 2025 (c).csv", year_of_tests().replace("Offence", "Why"), EXTRACTED + 120)
    (kent_home.mappings / "other.yml").write_text(MAPPINGS["logs.yml"], encoding="utf-8")
    drop(kent_home.inbox, "Incident list October 2025.xlsx", logs(10, 70))
    with night(kent_home) as run:
        run.land()
        run.fail("stopped")
    lines = [line for line in find_problems(kent_home, 1e9) if line.startswith("file ")]
    assert lines[0].startswith("file Drug tests 2025 (b).csv is held: would withdraw 103 of the 110 current rows")
    assert lines[1].startswith("file Drug tests 2025 (c).csv is refused: misses required columns: trigger_offence")
    assert lines[2].startswith("file Incident list October 2025.xlsx waits: waits in the inbox") and "other.yml" in lines[2]
    result = pam("status", "--check", "--home", kent_home.path)
    assert result.exit_code == 2 and "would withdraw 103 of the 110" in result.stdout
    assert len(read_receipts(kent_home)) == 1
    # A newer complete file replaces both.
    drop(kent_home.inbox, "Drug tests 2025 (d).csv", year_of_tests(), EXTRACTED + 180)
    (kent_home.mappings / "other.yml").unlink()
    assert sorted(e.outcome for e in land_night(kent_home)) == ["accepted", "accepted"]
    assert not [line for line in find_problems(kent_home, 1e9) if line.startswith("file Drug")]
