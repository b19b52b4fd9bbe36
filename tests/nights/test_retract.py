"""A night after `pam retract` publishes the same as a home that never had the file."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support import copy_home, differing, each, meta_rows, publish_night, published, run_night, write_extract

from dagster_project.core.home import Home
from dagster_project.landing import read_ledger
from dagster_project.reporting.dashboard.choices_and_names import accepted_files

CRIMES = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
HALF, YEAR = ("2025-01-01", "2025-06-30"), ("2025-01-01", "2025-12-31")
OCTOBER = (
    "select value, data_status from marts.measures where measure = 'possession_offences' and area_type = 'force'"
    " and period_type = 'month' and period_start = date '2025-10-01' and category = 'all'"
)


def drop(home: Home, rows: int, window: tuple[str, str], stamp: str) -> Path:
    records = each(rows, lambda i: (f"C{i}", f"2025-0{1 + i % 6}-03", "92D/1", "Recorded", ""))
    return write_extract(home.inbox, "crimes", records, columns=CRIMES, window=window, stamp=stamp)


@pytest.mark.long
def test_the_night_after_a_retract_is_as_without_the_file(tmp_path: Path, pam: Callable[..., object]) -> None:
    one = Home(tmp_path / "one").create()
    drop(one, 20, HALF, "20260101T020000Z")
    publish_night(one)
    without_file = copy_home(one, tmp_path / "never")
    assert published(one, OCTOBER) in ([], [(None, "not_available")])
    wide = drop(one, 9, YEAR, "20260102T020000Z").name
    wrong = publish_night(one)
    assert published(one, OCTOBER) == [(0, "complete")] and differing(one, without_file)

    result = pam("retract", wide, "--why", "the window is too wide", "--by", "A. Person", "--home", one.path)
    load = read_ledger(one)[-1]
    assert result.exit_code == 0 and f"{wide} (load {load.load_id}, 2025-01-01 to 2025-12-31, 9 rows)" in result.output
    right = run_night(one)
    assert right.receipt.outcome == "published", right.receipt.reason
    # extract_facts counts the files of each night.
    assert {name for name, *_ in differing(one, without_file)} <= {"_work.gate.extract_facts"}
    (row,) = (r for r in meta_rows(one, "files") if r["outcome"] == "retracted")
    assert row["load_id"] == load.load_id and row["reason"].endswith("by A. Person: the window is too wide")
    assert "the window is too wide" in pam("status", "--home", one.path).output
    with duckdb.connect(str(one.warehouse), read_only=True) as con:
        assert [row[1:3] for row in accepted_files(con, "derbyshire")["crimes"]] == [list(HALF)]
    diff = pam("diff", "--home", one.path).output
    assert f"From night {wrong.receipt.night_id} to night {right.receipt.night_id}" in diff and "no file:" not in diff
    assert [line.split()[2] for line in diff.splitlines() if wide in line] == ["retracted"]
    assert run_night(one).receipt.outcome == "unchanged"
