"""Whole nights against the plain model: every figure of every mart after every night, and the outcome of every file.

Also the published file and the list of withdrawn rows. All tests are in one file because the nights are run once a process.
The suite has one seed. `PAM_TEST_SEED=7 pytest tests/nights/test_nights_against_model.py` runs another.
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

from .conftest import ComparedNights, file_differences

pytestmark = pytest.mark.begin_first


def test_every_figure_of_every_night_matches_the_model(compared_nights: ComparedNights) -> None:
    assert compared_nights.differences == [[]] * (4 if how_often.IS_LONG else 2)
    assert min(compared_nights.figures) > 40_000, "too few figures to compare"


def test_the_outcome_of_every_file_matches_the_model(compared_nights: ComparedNights) -> None:
    assert file_differences(compared_nights) == []
    assert {e.outcome for e in read_ledger(compared_nights.home)} == {"accepted", "known", "held", "refused"}


def test_nights_after_the_first_build_on_the_one_before(compared_nights: ComparedNights) -> None:
    """So that both what a night takes over and what it builds are compared."""
    assert compared_nights.figures[-1] > 0
    assert all(run.receipt.outcome == "published" for run in compared_nights.runs)
    assert len({len(run.nodes) for run in compared_nights.runs}) == 1, "each night reports every node"


def test_no_identifier_is_published(compared_nights: ComparedNights) -> None:
    text = all_text(compared_nights.home)
    columns = ("custody_ref", "person_ref", "address_ref")
    values = {row[c] for rows in compared_nights.landing.rows.values() for row in rows for c in columns if row.get(c)}
    assert len(values) > 100
    assert not [value for value in values if value in text]


def test_withdrawn_rows_are_listed_with_file_and_line(compared_nights: ComparedNights) -> None:
    """The list of each publication against the plain model: keys that counted, and were withdrawn."""
    listed = 0
    for n, run in enumerate(compared_nights.runs):
        path = compared_nights.home.nights / f"{run.receipt.night_id}__withdrawn.csv"
        assert path.exists() == bool(run.receipt.withdrawn)
        rows = []
        if path.exists():
            assert path.stat().st_mode & 0o777 == 0o600
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            assert list(rows[0]) == ["extract", "force_code", "key", "date", "file", "line", "withdrawn_by"]
        assert Counter(r["extract"] for r in rows) == run.receipt.withdrawn
        files = {f["source_file"] for f in run.receipt.files}
        assert {r["withdrawn_by"] for r in rows} <= files, "withdrawn by tonight's files only"
        assert all(r["file"] != r["withdrawn_by"] and int(r["line"]) > 1 and r["date"] for r in rows)
        keys = {(r["extract"], r["force_code"], r["key"]) for r in rows if r["extract"] != "drug_tests"}
        assert keys == withdrawn_keys(compared_nights, n)
        listed += len(rows)
    assert listed > 50


def withdrawn_keys(compared_nights: ComparedNights, n: int) -> set[tuple[str, str, str]]:
    """Extract, force and key of rows that have counted since the publication before, and are withdrawn now. Without
    `drug_tests`: its key is an identifier, which the list has as a hash.
    """
    if n == 0:
        return set()
    first, last = compared_nights.numbers[n - 1 : n + 1]
    return {
        (*place, row["_key"] if isinstance(row["_key"], str) else "\x1f".join(map(str, row["_key"])))
        for place, keys in compared_nights.landings[last - 1].withdrawn.items()
        for before in compared_nights.landings[first - 1 : last - 1]
        for row in before.rows.get(place, ())
        if row["_key"] in keys and place[0] != "drug_tests"
    }


def test_counts_of_extracts_match_the_ledger(compared_nights: ComparedNights) -> None:
    entries = read_ledger(compared_nights.home)
    totals = counts(entries)
    for row in meta_rows(compared_nights.home, "extracts"):
        own = [e for e in entries if (e.extract, e.force_code) == (row["extract"], row["force_code"])]
        loads = [e for e in own if e.outcome == "accepted"]
        assert row["files_accepted"] == len(loads), row
        for name in ("rows_landed", "rows_quarantined", "rows_duplicate"):
            assert row[name] == sum(getattr(totals[e.load_id], name) for e in loads), (row["extract"], name)
        assert row["files_refused"] <= sum(e.outcome == "refused" for e in own)
    kept = {(r["extract"], r["force_code"]) for r in meta_rows(compared_nights.home, "extracts") if r["force_code"]}
    assert kept == {(e.extract, e.force_code) for e in entries if e.extract and e.force_code}


def test_current_rows_and_coverage_match_the_model(compared_nights: ComparedNights) -> None:
    """Against the plain model."""
    for row in meta_rows(compared_nights.home, "extracts"):
        at = (row["extract"], row["force_code"])
        if at not in compared_nights.landing.windows:
            continue
        days = compared_nights.landing.covered(*at)
        assert row["rows_current"] == len(compared_nights.landing.rows[at]), at
        assert (row["covered_from"], row["covered_to"], row["covered_days"]) == (min(days), max(days), len(days)), at


def test_published_files_match_the_ledger(compared_nights: ComparedNights) -> None:
    entries = read_ledger(compared_nights.home)
    rows = meta_rows(compared_nights.home, "files")
    assert len(rows) == len(entries)
    assert Counter((r["night_id"], r["extract"], r["outcome"], r["load_id"]) for r in rows) == Counter(
        (e.night_id, e.extract, e.outcome, e.load_id) for e in entries
    )
    assert all(r["reason"] for r in rows if r["outcome"] in ("held", "refused"))
    for column, field in (("columns_not_stored", "unknown_columns"), ("columns_missing", "missing_columns")):
        assert Counter(r[column] for r in rows) == Counter(", ".join(getattr(e, field)) for e in entries)
    assert any(r["columns_not_stored"] for r in rows)
    # A file name that is no extract's may hold a person's name.
    assert {(r["source_file"], r["reason"]) for r in rows if not r["extract"]} == {
        (None, "The name is no extract's; the home's ledger has it.")
    }


def test_published_checks_match_the_night(compared_nights: ComparedNights) -> None:
    run = compared_nights.runs[-1]
    rows = meta_rows(compared_nights.home, "checks")
    assert {r["night_id"] for r in rows} == {run.receipt.night_id}
    assert Counter((r["suite"], r["subject"], r["rule"], r["severity"], r["passed"], r["found"]) for r in rows) == Counter(
        (c.suite, c.subject, c.rule, c.severity, c.passed, c.found) for c in run.checks
    )
    assert not [r for r in rows if not r["passed"] and r["severity"] == "critical"]
    assert all(r["reason"] and r["advice"] for r in rows)


def test_published_nights_match_the_receipts(compared_nights: ComparedNights) -> None:
    receipts = read_receipts(compared_nights.home)
    rows = {r["night_id"]: r for r in meta_rows(compared_nights.home, "nights")}
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


def test_nights_take_over_nodes_of_the_night_before(compared_nights: ComparedNights) -> None:
    """Otherwise the comparison with the plain model would not test that."""
    taken_over = [len({*a.nodes} & {*b.nodes}) for a, b in pairwise(compared_nights.runs)]
    assert max(taken_over) > 50, taken_over


@pytest.mark.long
def test_a_night_can_be_rebuilt(compared_nights: ComparedNights) -> None:
    """From raw/ and the ledger of that time, to the last digit: with its ties and late files, without those of later nights."""
    comparison = rebuild_and_compare(compared_nights.home, compared_nights.runs[-2].receipt.night_id)
    assert (comparison.differing, comparison.figures) == (0, compared_nights.figures[-2]), comparison.rows
