"""What the published file says of itself, against the ledger, the gate and its own catalogue."""

from collections import Counter

import duckdb
import pytest
from support import TODAY, as_dicts, published, seed

from dagster_project.contracts import load_contracts
from dagster_project.landing import counts, read_ledger
from dagster_project.meta import TABLES
from dagster_project.nights import read_receipts
from dagster_project.settings import Home

from .conftest import Awkward


def rows_of(home: Home, table: str) -> list[dict]:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return as_dicts(con.execute(f"select * from meta.{table}"))


@pytest.fixture(scope="module")
def dictionary(sample_home: Home) -> list[dict]:
    return rows_of(sample_home, "dictionary")


def test_extracts_count_as_the_ledger_does(awkward: Awkward) -> None:
    entries = read_ledger(awkward.home)
    totals = counts(entries)
    for row in rows_of(awkward.home, "extracts"):
        own = [e for e in entries if (e.extract, e.force_code) == (row["extract"], row["force_code"])]
        loads = [e for e in own if e.outcome == "accepted"]
        assert row["files_accepted"] == len(loads), row
        for name in ("rows_landed", "rows_quarantined", "rows_duplicate"):
            assert row[name] == sum(getattr(totals[e.load_id], name) for e in loads), (row["extract"], name)
        assert row["files_refused"] <= sum(e.outcome == "refused" for e in own)
    kept = {(r["extract"], r["force_code"]) for r in rows_of(awkward.home, "extracts") if r["force_code"]}
    assert kept == {(e.extract, e.force_code) for e in entries if e.extract and e.force_code}


def test_extracts_know_what_is_current_and_covered(awkward: Awkward) -> None:
    """Against the plain model."""
    for row in rows_of(awkward.home, "extracts"):
        at = (row["extract"], row["force_code"])
        if at not in awkward.landing.windows:
            continue
        days = awkward.landing.covered(*at)
        assert row["rows_current"] == len(awkward.landing.rows[at]), at
        assert (row["covered_from"], row["covered_to"], row["covered_days"]) == (min(days), max(days), len(days)), at


def test_extracts_are_current_late_or_were_never_dropped(sample_home: Home, new_home: Home) -> None:
    rows = {r["extract"]: r for r in rows_of(sample_home, "extracts")}
    assert set(rows) == set(load_contracts())
    assert {x for x, r in rows.items() if r["status"] == "late"} == {"intelligence"}
    intelligence = rows["intelligence"]
    assert intelligence["days_late"] == (TODAY - intelligence["covered_to"]).days - 3 == 31
    assert {(r["status"], r["days_late"]) for x, r in rows.items() if x != "intelligence"} == {("current", 0)}


def test_extracts_title_and_rhythm_are_the_contract_s(sample_home: Home) -> None:
    contracts = load_contracts()
    assert all(
        (r["title"], r["rhythm"]) == (contracts[r["extract"]].title, contracts[r["extract"]].rhythm)
        for r in rows_of(sample_home, "extracts")
    )


def test_files_are_the_ledger(awkward: Awkward) -> None:
    entries = read_ledger(awkward.home)
    rows = rows_of(awkward.home, "files")
    assert len(rows) == len(entries)
    assert Counter((r["night_id"], r["extract"], r["outcome"], r["load_id"]) for r in rows) == Counter(
        (e.night_id, e.extract, e.outcome, e.load_id) for e in entries
    )
    assert all(r["reason"] for r in rows if r["outcome"] in ("held", "refused"))
    for column, field in (("columns_not_stored", "unknown_columns"), ("columns_missing", "missing_columns")):
        assert Counter(r[column] for r in rows) == Counter(", ".join(getattr(e, field)) for e in entries)
    assert any(r["columns_not_stored"] for r in rows)


def test_checks_are_those_of_the_night(awkward: Awkward) -> None:
    run = awkward.runs[-1]
    rows = rows_of(awkward.home, "checks")
    assert {r["night_id"] for r in rows} == {run.receipt.night_id}
    assert Counter((r["suite"], r["subject"], r["rule"], r["severity"], r["passed"], r["found"]) for r in rows) == Counter(
        (c.suite, c.subject, c.rule, c.severity, c.passed, c.found) for c in run.checks
    )
    assert not [r for r in rows if not r["passed"] and r["severity"] == "critical"]
    assert all(r["reason"] and r["advice"] for r in rows)


def test_nights_are_the_receipts(awkward: Awkward) -> None:
    receipts = read_receipts(awkward.home)
    rows = {r["night_id"]: r for r in rows_of(awkward.home, "nights")}
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


def test_every_relation_and_column_is_in_the_dictionary(sample_home: Home, dictionary: list[dict]) -> None:
    catalogue = published(
        sample_home, "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal"
    )
    columns = {(r["schema_name"], r["relation_name"], r["name"]) for r in dictionary if r["kind"] == "column"}
    assert {c[:3] for c in catalogue} == columns
    assert {c[:2] for c in catalogue} == {
        (r["schema_name"], r["relation_name"]) for r in dictionary if r["kind"] == "relation"
    }
    assert all(len(r["description"] or "") > 2 for r in dictionary), "in words"
    types = {c[:3]: c[3] for c in catalogue}
    for row in dictionary:
        if row["kind"] == "column" and row["data_type"]:
            said = row["data_type"].replace(" ", "").upper()
            assert types[row["schema_name"], row["relation_name"], row["name"]].replace(" ", "") == said, row


def test_every_measure_is_in_the_dictionary(sample_home: Home, dictionary: list[dict]) -> None:
    measures = {(r["relation_name"], r["name"]): r for r in dictionary if r["kind"] == "measure"}
    in_marts = published(sample_home, "select distinct mart, measure, unit from marts.measures")
    assert {(mart, measure) for mart, measure, _ in in_marts} == set(measures)
    assert all(measures[mart, measure]["unit"] == unit for mart, measure, unit in in_marts)
    assert all(r["title"] and r["formula"] for r in measures.values())
    assert {m["measure"] for m in seed("measure_list") if m["is_published"] == "false"}.isdisjoint(m for _, m in measures)
    assert str(measures["mart_incidents", "incidents_drugs_emergency"]["available_from"]) == "2023-10-01"


def test_relations_and_columns_carry_the_dictionary_s_words(sample_home: Home, dictionary: list[dict]) -> None:
    """So that a BI tool shows them without being told."""
    comments = published(
        sample_home,
        "select schema_name, table_name, column_name, comment from duckdb_columns() where not internal union all"
        " select schema_name, table_name, null, comment from duckdb_tables() union all"
        " select schema_name, view_name, null, comment from duckdb_views() where not internal",
    )
    words = {
        (r["schema_name"], r["relation_name"], r["name"] if r["kind"] == "column" else None): r["description"]
        for r in dictionary
        if r["kind"] != "measure"
    }
    assert {c[:3]: c[3] for c in comments} == words


def test_columns_are_in_the_documented_order(sample_home: Home) -> None:
    for table, (_, columns) in TABLES.items():
        found = published(
            sample_home,
            "select column_name from duckdb_columns() where schema_name = 'meta' and"
            f" table_name = '{table}' order by column_index",
        )
        assert [name for (name,) in found] == list(columns)
