"""Made-up exports of Kent in the form of systems' own exports, for the tutorial: with titles, split columns, codes and totals.

No system, person, place or event is real, and every reference says so (`SAMPLE-...`). The files of the sample follow the
contracts; these do not.
"""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from .random_rows import random_for, references

EXTRACTED = datetime(2025, 12, 2, 7, tzinfo=UTC)
"""When each file was written: an export has no time of extraction in its name."""
LOGS = {10: 240, 11: 228}
"""Month of 2025 -> logs."""
TESTS = 330
LOG_COLUMNS = (
    "Incident No", "Log Type", "Opened Date", "Opened Time", "Qualifier 1", "Qualifier 2", "Qualifier 3", "Initial Grade",
    "Contact Method", "Caller Name",
)  # fmt: skip
FIRST_QUALIFIERS = ("Drugs", "Drug dealing", "Domestic", "Mental health", "Missing person", "")
GRADES = ("Grade 1", "Grade 2", "Grade 3", "Scheduled")
RESULTS = ("PC", "PO", "PB", "N", "N", "R")
"""Cocaine, opiates, both, nothing, refused."""


def write_raw_exports(directory: Path) -> list[Path]:
    """Write the exports to `directory`, which is made if needed. Returns their paths. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [_logs(directory, month, number) for month, number in LOGS.items()]
    paths.append(_tests(directory))
    for path in paths:
        os.utime(path, (EXTRACTED.timestamp(),) * 2)
    return paths


def _logs(directory: Path, month: int, number: int) -> Path:
    """A month of control-room logs: a cover sheet, titles, three qualifier columns, separate day and time, a total."""
    rng = random_for(f"raw logs {month}")
    first = date(2025, month, 1)
    rows: list[list[Any]] = [["Incident list (made up)"], [f"Opened in {first:%B %Y}"], [], list(LOG_COLUMNS)]
    for ref in references(f"L{month}", number):
        kind = rng.choice(["Incident", "Incident", "Record of Contact"])
        rows.append([ref, kind, first + timedelta(days=rng.randrange(30)), time(rng.randrange(2, 24), rng.randrange(60)),
                     rng.choice(FIRST_QUALIFIERS), rng.choice(["Alcohol", ""]), rng.choice(["CSE", "", ""]),
                     rng.choice(GRADES), rng.choice(["999", "101", "Online"]), "Made-up sample"])  # fmt: skip
    rows += [["TOTAL", number], ["Source: made-up control room"]]
    path = directory / f"Incident list {first:%B %Y}.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cover").write(0, 0, "Made-up sample: no row is of a real event")
        sheet = book.add_worksheet("Data")
        formats = {date: book.add_format({"num_format": "dd/mm/yyyy"}), time: book.add_format({"num_format": "hh:mm"})}
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value, formats.get(type(value)))
    return path


def _tests(directory: Path) -> Path:
    """A year of drug tests with one code for status, result and substance: a title, semicolons, a total."""
    rng = random_for("raw tests")
    rows = ["Drug tests on arrest (made up)", "", "Custody Record;Arrest Date;Arrest Time;Offence;Test Result"]
    for ref in references("T", TESTS):
        day = date(2025, 1, 1) + timedelta(days=rng.randrange(334))
        code = rng.choice(RESULTS)
        at, offence = f"{rng.randrange(2, 24):02}:{rng.randrange(60):02}", rng.choice(["Theft", "Burglary"])
        rows.append(f"{ref};{day:%d/%m/%Y};{at};{offence};{code}")
    path = directory / "Drug tests 2025 (all suites).csv"
    path.write_text("\n".join([*rows, f"Total: {TESTS}", ""]), encoding="utf-8")
    return path
