"""What `meta.extracts`, `meta.files` and `meta.nights` say of files and nights in each state."""

from datetime import date
from typing import Any

import pytest

from dagster_project.contracts import load_contracts
from dagster_project.core.project_lists import read_seed
from dagster_project.core.receipts import Receipt
from dagster_project.landing import LedgerEntry, counts
from dagster_project.landing.storage.ledger import current_files
from dagster_project.publishing import dictionary
from dagster_project.publishing.dictionary import TABLES, formula

TODAY = date(2026, 1, 20)


def entry(load: str, day: int, outcome: str = "accepted", **fields: Any) -> LedgerEntry:
    """A file of naloxone that was extracted, and decided on, on a day of January 2026."""
    base = {
        "night_id": f"202601{day:02d}T020000Z", "landed_at": f"2026-01-{day:02d}T02:00:00Z", "extract": "naloxone",
        "force_code": "kent", "source_file": f"{load}.csv", "outcome": outcome, "load_id": load, "form": "canonical",
        "covered_from": f"2025-01-{day:02d}", "covered_to": f"2025-01-{day:02d}", "sha256": "0" * 64, "bytes": 1,
        "extracted_at": f"2026-01-{day:02d}T01:00:00Z", "rows_in_file": 9, "rows_landed": 6, "rows_quarantined": 2,
        "rows_duplicate": 1, "file_mtime": 0,
    }  # fmt: skip
    return LedgerEntry.model_validate(base | fields)


def row_of(table: str, values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(TABLES[table][1], values, strict=True))


def extract_row(*entries: LedgerEntry, last: date | None = date(2026, 1, 16), is_expected: bool = True) -> dict[str, Any]:
    """The row of `meta.extracts` of these files. `last`: the last covered day."""
    files, contract = [*entries], load_contracts()["naloxone"]
    facts = (5, 1, date(2025, 1, 1) if last else None, last, 99)
    row = dictionary._row_of(contract, "kent", current_files(files), counts(files), facts, TODAY, is_expected)
    return row_of("extracts", row)


def test_files_of_an_extract_are_counted_by_what_became_of_them() -> None:
    """A held one that a newer file replaced waits no more; a retracted one counts nowhere. The newest may land first."""
    newest = entry("a", 8, extracted_at="2026-01-09T01:00:00Z")
    others = [("c", 3, "held"), ("d", 8, "held"), ("e", 4, "retracted"), ("f", 5, "refused")]
    row = extract_row(newest, entry("b", 2), *(entry(*other) for other in others))
    assert (row["files_accepted"], row["files_held"], row["files_refused"]) == (2, 1, 1)
    assert (row["rows_landed"], row["rows_quarantined"], row["rows_duplicate"]) == (12, 4, 2)
    assert (row["rows_current"], row["rows_withdrawn"], row["covered_days"]) == (5, 1, 99)
    assert row["extracted_at"] == "2026-01-09 01:00:00"


@pytest.mark.parametrize(
    ("last", "is_expected", "status", "days_late"),
    [
        (date(2025, 12, 30), True, "current", 0),
        (date(2025, 12, 6), True, "current", 0),
        (date(2025, 12, 5), True, "late", 1),
        (date(2025, 12, 5), False, "current", None),
        (None, True, "late", None),
        (None, False, "not sent", None),
    ],
)
def test_an_extract_is_late_from_the_day_after_its_grace(
    last: date | None, is_expected: bool, status: str, days_late: int | None
) -> None:
    """A monthly one may be 45 days behind. What is not expected is never late."""
    assert load_contracts()["naloxone"].grace_days == 45
    row = extract_row(entry("a", 1, "accepted" if last else "held"), last=last, is_expected=is_expected)
    assert (row["status"], row["days_late"]) == (status, days_late)
    assert row["extracted_at"] == ("2026-01-01 01:00:00" if last else None)


def test_the_erasure_of_an_original_is_told_of_each_decision_on_its_file() -> None:
    """It was archived on the day on which it came, not on that of its release. Another file of its name came on that day."""
    again = {"landed_at": "2026-01-05T09:00:00Z"}
    entries = [
        entry("a", 1, "held"), entry("a", 5, **again), entry("a", 9, "known"), entry("b", 5, "refused", source_file="c.csv"),
    ]  # fmt: skip
    erased = {"2026-01-01/a.csv": TODAY, "2026-01-05/c.csv": TODAY}
    rows = [row_of("files", row) for row in dictionary._file_rows(entries, erased)]
    assert [row["erased_on"] for row in rows] == [TODAY, TODAY, None, TODAY]
    landed = ["01 02:00:00", "05 09:00:00", "09 02:00:00", "05 02:00:00"]
    assert [row["landed_at"] for row in rows] == [f"2026-01-{at}" for at in landed]


def test_a_name_that_is_no_extract_s_is_not_published() -> None:
    row = row_of("files", dictionary._file_row(entry("a", 1, "refused", extract=None, reason="a person's name"), None))
    assert row["source_file"] is None and "person" not in str(row["reason"])
    row = row_of("files", dictionary._file_row(entry("a", 1, "refused", reason="cut short"), None))
    assert (row["source_file"], row["reason"]) == ("a.csv", "cut short")


def test_a_night_counts_the_rows_of_its_accepted_files_and_its_failed_warnings() -> None:
    outcomes = [("accepted", 5), ("accepted", None), ("held", 9)]
    files = [{"outcome": o, "rows_landed": n, "rows_quarantined": 1} for o, n in outcomes]
    checks = [{"passed": p, "severity": s} for p, s in ((False, "warning"), (True, "warning"), (False, "critical"))]
    receipt = Receipt("n", "published", "2026-01-01T02:00:00Z", "", files=files, checks=checks, figures={"m": 3, "o": 4})
    row = row_of("nights", dictionary._night_row(receipt))
    assert row["started_at"] == "2026-01-01 02:00:00" and row["finished_at"] is None
    assert (row["files_accepted"], row["files_held"], row["files_refused"], row["warnings"], row["figures"]) == (2, 1, 0, 1, 7)
    assert (row["rows_landed"], row["rows_quarantined"]) == (5, 2)


def test_formulas_say_how_months_make_a_period() -> None:
    rows = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    assert formula(rows["mart_pspo", "fpn_share"]).startswith("100 * fpns_issued / fpns_issued in all, each")
    rate = formula(rows["mart_stop_search", "drug_find_rate"])
    assert rate == "100 * drug_finds / drug_searches_recording_finds, each totalled over the period first"
    texts = {m["aggregation"]: formula(m) for m in rows.values() if not m["numerator"]}
    assert texts == {
        "sum": "Total of all records in the period", "stock": "The number on the period's last day",
        "last": "The last count in the period", "published": "As published",
    }  # fmt: skip
