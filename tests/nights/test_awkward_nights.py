"""Whole nights against the plain model: every figure of every mart after every night, and every file's fate.

And what the published file and the list of withdrawn rows say of such nights. All in one file, for the nights are run once
a process. The suite has one seed. `PAM_TEST_SEED=7 pytest tests/nights/test_awkward_nights.py` runs another.
"""

import csv
from collections import Counter
from itertools import pairwise

import how_often
import pytest
from support import all_text, meta_rows

from dagster_project.core.receipts import read_receipts
from dagster_project.landing import counts, read_ledger
from dagster_project.nights.replay import rebuild_and_compare

from .conftest import Awkward, file_differences

pytestmark = pytest.mark.begin_first


def test_every_figure_after_every_night(awkward: Awkward) -> None:
    assert awkward.differences == [[]] * (4 if how_often.IS_LONG else 3)
    assert min(awkward.figures) > 40_000, "a comparison of little proves little"


def test_every_file_ends_as_the_contract_says(awkward: Awkward) -> None:
    assert file_differences(awkward) == []
    assert {e.outcome for e in read_ledger(awkward.home)} == {"accepted", "known", "held", "refused"}


def test_nights_after_the_first_build_on_the_one_before(awkward: Awkward) -> None:
    """So that what a night takes over is compared as well as what it builds."""
    assert awkward.figures[-1] > 0
    assert all(run.receipt.outcome == "published" for run in awkward.runs)
    assert len({len(run.nodes) for run in awkward.runs}) == 1, "each night answers for every node"


def test_no_identifier_of_an_awkward_file_is_published(awkward: Awkward) -> None:
    text = all_text(awkward.home)
    columns = ("custody_ref", "person_ref", "address_ref")
    values = {row[c] for rows in awkward.landing.rows.values() for row in rows for c in columns if row.get(c)}
    assert len(values) > 100
    assert not [value for value in values if value in text]


def test_withdrawn_rows_are_listed_with_file_and_line(awkward: Awkward) -> None:
    """The list of each publication against the plain model: keys that counted, and were taken away."""
    listed = 0
    for n, run in enumerate(awkward.runs):
        path = awkward.home.nights / f"{run.receipt.night_id}__withdrawn.csv"
        assert path.exists() == bool(run.receipt.withdrawn)
        rows = []
        if path.exists():
            assert path.stat().st_mode & 0o777 == 0o600
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            assert list(rows[0]) == ["extract", "force_code", "key", "date", "file", "line", "withdrawn_by"]
        assert Counter(r["extract"] for r in rows) == run.receipt.withdrawn
        files = {f["source_file"] for f in run.receipt.files}
        assert {r["withdrawn_by"] for r in rows} <= files, "only what tonight's files took"
        assert all(r["file"] != r["withdrawn_by"] and int(r["line"]) > 1 and r["date"] for r in rows)
        keys = {(r["extract"], r["force_code"], r["key"]) for r in rows if r["extract"] != "drug_tests"}
        assert keys == taken_away(awkward, n)
        listed += len(rows)
    assert listed > 50


def taken_away(awkward: Awkward, n: int) -> set[tuple[str, str, str]]:
    """Extract, force and key of what has counted since the publication before, and is withdrawn now. Without `drug_tests`,
    whose key is an identifier: the list has its hash.
    """
    if n == 0:
        return set()
    first, last = awkward.numbers[n - 1 : n + 1]
    return {
        (*place, row["_key"] if isinstance(row["_key"], str) else "\x1f".join(map(str, row["_key"])))
        for place, keys in awkward.landings[last - 1].withdrawn.items()
        for before in awkward.landings[first - 1 : last - 1]
        for row in before.rows.get(place, ())
        if row["_key"] in keys and place[0] != "drug_tests"
    }


def test_extracts_count_as_the_ledger_does(awkward: Awkward) -> None:
    entries = read_ledger(awkward.home)
    totals = counts(entries)
    for row in meta_rows(awkward.home, "extracts"):
        own = [e for e in entries if (e.extract, e.force_code) == (row["extract"], row["force_code"])]
        loads = [e for e in own if e.outcome == "accepted"]
        assert row["files_accepted"] == len(loads), row
        for name in ("rows_landed", "rows_quarantined", "rows_duplicate"):
            assert row[name] == sum(getattr(totals[e.load_id], name) for e in loads), (row["extract"], name)
        assert row["files_refused"] <= sum(e.outcome == "refused" for e in own)
    kept = {(r["extract"], r["force_code"]) for r in meta_rows(awkward.home, "extracts") if r["force_code"]}
    assert kept == {(e.extract, e.force_code) for e in entries if e.extract and e.force_code}


def test_extracts_know_what_is_current_and_covered(awkward: Awkward) -> None:
    """Against the plain model."""
    for row in meta_rows(awkward.home, "extracts"):
        at = (row["extract"], row["force_code"])
        if at not in awkward.landing.windows:
            continue
        days = awkward.landing.covered(*at)
        assert row["rows_current"] == len(awkward.landing.rows[at]), at
        assert (row["covered_from"], row["covered_to"], row["covered_days"]) == (min(days), max(days), len(days)), at


def test_files_are_the_ledger(awkward: Awkward) -> None:
    entries = read_ledger(awkward.home)
    rows = meta_rows(awkward.home, "files")
    assert len(rows) == len(entries)
    assert Counter((r["night_id"], r["extract"], r["outcome"], r["load_id"]) for r in rows) == Counter(
        (e.night_id, e.extract, e.outcome, e.load_id) for e in entries
    )
    assert all(r["reason"] for r in rows if r["outcome"] in ("held", "refused"))
    for column, field in (("columns_not_stored", "unknown_columns"), ("columns_missing", "missing_columns")):
        assert Counter(r[column] for r in rows) == Counter(", ".join(getattr(e, field)) for e in entries)
    assert any(r["columns_not_stored"] for r in rows)
    # A name that says nothing may say a person's.
    assert {(r["source_file"], r["reason"]) for r in rows if not r["extract"]} == {
        (None, "The name is no extract's; the home's ledger has it.")
    }


def test_checks_are_those_of_the_night(awkward: Awkward) -> None:
    run = awkward.runs[-1]
    rows = meta_rows(awkward.home, "checks")
    assert {r["night_id"] for r in rows} == {run.receipt.night_id}
    assert Counter((r["suite"], r["subject"], r["rule"], r["severity"], r["passed"], r["found"]) for r in rows) == Counter(
        (c.suite, c.subject, c.rule, c.severity, c.passed, c.found) for c in run.checks
    )
    assert not [r for r in rows if not r["passed"] and r["severity"] == "critical"]
    assert all(r["reason"] and r["advice"] for r in rows)


def test_nights_are_the_receipts(awkward: Awkward) -> None:
    receipts = read_receipts(awkward.home)
    rows = {r["night_id"]: r for r in meta_rows(awkward.home, "nights")}
    assert list(rows) == [r.night_id for r in receipts]
    for receipt in receipts:
        row = rows[receipt.night_id]
        by = Counter(f["outcome"] for f in receipt.files)
        assert (row["files_accepted"], row["files_held"], row["files_refused"]) == tuple(
            by[o] for o in ("accepted", "held", "refused")
        )
        assert row["figures"] == sum(receipt.figures.values())
        assert row["warnings"] == sum(not c["passed"] for c in receipt.checks)
    assert [n for n, r in rows.items() if r["finished_at"] is None] == [receipts[-1].night_id]


def test_awkward_nights_did_build_on_each_other(awkward: Awkward) -> None:
    """Or their comparison with the plain model would not be one of nights that do."""
    taken_over = [len({*a.nodes} & {*b.nodes}) for a, b in pairwise(awkward.runs)]
    assert max(taken_over) > 50, taken_over


@pytest.mark.long
def test_an_awkward_night_can_be_made_again(awkward: Awkward) -> None:
    """From raw/ and the ledger as it stood then: ties, late files and what two later nights brought left out, to the last
    digit.
    """
    found = rebuild_and_compare(awkward.home, awkward.runs[1].receipt.night_id)
    assert (found.differing, found.figures) == (0, awkward.figures[1]), found.rows
