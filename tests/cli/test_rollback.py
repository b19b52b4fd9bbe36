"""`pam rollback`: the list of kept nights, going back to one, and errors."""

from collections.abc import Callable

from week import NIGHTS

from dagster_project.audit import who
from dagster_project.core.home import Home
from dagster_project.core.published_file import night_of
from dagster_project.core.receipts import read_receipts

WHO = ("--by", "A. Person", "--why", "the list [of the 6th] is wrong")


def test_the_list_of_kept_nights(pam: Callable, week: Home, new_home: Home) -> None:
    result = pam("rollback", "--list", "--home", week.path)
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines() if "2026010" in line]
    assert [row[0] for row in rows] == NIGHTS
    assert rows[-1][-1] == "published" and all("published" not in row for row in rows[:-1])
    for row, receipt in zip(rows, (r for r in read_receipts(week) if r.outcome == "published"), strict=True):
        warnings = [c for c in receipt.checks if not c["passed"] and c["severity"] == "warning"]
        assert row[1:4] == [receipt.finished_at, f"{sum(receipt.figures.values()):,}", str(len(warnings))]
    assert "No night is kept" in pam("rollback", "--list", "--home", new_home.path).stdout


def test_a_rollback_is_reported_and_shown_by_status(pam: Callable, week_copy: Home) -> None:
    result = pam("rollback", *WHO, "--home", week_copy.path)
    assert result.exit_code == 0 and night_of(week_copy.warehouse) == NIGHTS[3]
    assert f"Night {NIGHTS[3]} is published again" in result.stdout and "correct the cause before it" in result.stdout
    status = pam("status", "--home", week_copy.path).stdout
    assert f"Published   night {NIGHTS[3]}" in status
    assert "by A. Person: the list [of the 6th] is wrong" in status and "Rolled back since 20" in status
    assert f"Last night  {NIGHTS[4]} was published, and is kept" in status and "not published" not in status
    forward = pam("rollback", NIGHTS[4], *WHO, "--home", week_copy.path).stdout
    assert f"Night {NIGHTS[4]} is published again" in forward and "The next night" not in forward
    assert "Rolled back" not in pam("status", "--home", week_copy.path).stdout, "the newest night is published again"


def test_a_reason_is_required_and_the_user_is_the_default_person(pam: Callable, week_copy: Home) -> None:
    result = pam("rollback", "--by", "A", "--home", week_copy.path)
    assert result.exit_code == 2 and "Invalid value for --why: is needed" in result.stderr
    assert night_of(week_copy.warehouse) == NIGHTS[4]
    assert pam("rollback", "--by", " ", "--why", "A", "--home", week_copy.path).exit_code == 0
    assert read_receipts(week_copy)[-1].by == who()


def test_a_night_that_is_not_kept_is_a_one_line_error(pam: Callable, week_copy: Home) -> None:
    result = pam("rollback", "20251224T020000Z", *WHO, "--home", week_copy.path)
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    assert "20251224T020000Z: no kept night of that id. There are " + ", ".join(NIGHTS[::-1]) in result.stderr
