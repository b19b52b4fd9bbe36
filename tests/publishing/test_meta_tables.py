"""The `meta` tables of the published file, against the ledger, the gate and its own catalogue."""

import pytest
from support import TODAY, meta_rows, published, seed, wrong_sums_of_fact_month

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import read_ledger
from dagster_project.publishing.dictionary import TABLES


@pytest.fixture(scope="module")
def dictionary(sample_home: Home) -> list[dict]:
    return meta_rows(sample_home, "dictionary")


def test_extracts_are_current_or_late(sample_home: Home, new_home: Home) -> None:
    rows = {r["extract"]: r for r in meta_rows(sample_home, "extracts")}
    assert set(rows) == set(load_contracts())
    assert {x for x, r in rows.items() if r["status"] == "late"} == {"intelligence"}
    intelligence = rows["intelligence"]
    assert intelligence["days_late"] == (TODAY - intelligence["covered_to"]).days - 3 == 31
    # A new extract need not be in the sample.
    sent = {e.extract for e in read_ledger(sample_home)}
    others = {x: (r["status"], r["days_late"]) for x, r in rows.items() if x != "intelligence"}
    assert others == {x: ("current", 0) if x in sent else ("never dropped", None) for x in others} and len(sent) >= 23


def test_titles_and_rhythms_come_from_the_contracts(sample_home: Home) -> None:
    contracts = load_contracts()
    assert all(
        (r["title"], r["rhythm"]) == (contracts[r["extract"]].title, contracts[r["extract"]].rhythm)
        for r in meta_rows(sample_home, "extracts")
    )


def test_every_relation_and_column_is_in_the_dictionary(sample_home: Home, dictionary: list[dict]) -> None:
    catalogue = published(
        sample_home, "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal"
    )
    columns = {(r["schema_name"], r["relation_name"], r["name"]) for r in dictionary if r["kind"] == "column"}
    assert {c[:3] for c in catalogue} == columns
    assert {c[:2] for c in catalogue} == {(r["schema_name"], r["relation_name"]) for r in dictionary if r["kind"] == "relation"}
    assert all(len(r["description"] or "") > 2 for r in dictionary), "has a text"
    types = {c[:3]: c[3] for c in catalogue}
    for row in dictionary:
        if row["kind"] == "column" and row["data_type"]:
            documented = row["data_type"].replace(" ", "").upper()
            assert types[row["schema_name"], row["relation_name"], row["name"]].replace(" ", "") == documented, row


def test_every_measure_is_in_the_dictionary(sample_home: Home, dictionary: list[dict]) -> None:
    measures = {(r["relation_name"], r["name"]): r for r in dictionary if r["kind"] == "measure"}
    in_marts = published(sample_home, "select distinct mart, measure, unit from marts.measures")
    assert {(mart, measure) for mart, measure, _ in in_marts} == set(measures)
    assert all(measures[mart, measure]["unit"] == unit for mart, measure, unit in in_marts)
    assert all(r["title"] and r["formula"] for r in measures.values())
    assert {m["measure"] for m in seed("measure_list") if m["is_published"] == "false"}.isdisjoint(m for _, m in measures)
    assert str(measures["mart_incidents", "incidents_drugs_emergency"]["available_from"]) == "2023-10-01"


def test_comments_match_the_dictionary(sample_home: Home, week: Home) -> None:
    """So that a BI tool shows them; of a first night, and of the last of five that build on each other."""
    for home in (sample_home, week):
        comments = published(
            home,
            "select schema_name, table_name, column_name, comment from duckdb_columns() where not internal union all"
            " select schema_name, table_name, null, comment from duckdb_tables() union all"
            " select schema_name, view_name, null, comment from duckdb_views() where not internal",
        )
        descriptions = {
            (r["schema_name"], r["relation_name"], r["name"] if r["kind"] == "column" else None): r["description"]
            for r in meta_rows(home, "dictionary")
            if r["kind"] != "measure"
        }
        assert {c[:3]: c[3] for c in comments} == descriptions


def test_columns_are_in_the_documented_order(sample_home: Home) -> None:
    for table, (_, columns) in TABLES.items():
        names = published(
            sample_home,
            "select column_name from duckdb_columns() where schema_name = 'meta' and"
            f" table_name = '{table}' order by column_index",
        )
        assert [name for (name,) in names] == list(columns)


def test_the_star_schema_has_the_formulas_of_the_dictionary(sample_home: Home) -> None:
    rows = published(
        sample_home,
        "select relation_name, name, formula from meta.dictionary where kind = 'measure' except"
        " select mart, measure, formula from bi.dim_measure",
    )
    assert rows == []


def test_every_figure_of_the_star_schema_has_its_dimensions(sample_home: Home) -> None:
    (counts,) = published(
        sample_home,
        "select (select count(*) from bi.fact_figure), count(*) from bi.fact_figure join bi.dim_measure using (measure_key)"
        " join bi.dim_area using (area_key) join bi.dim_date using (date_key)",
    )
    assert counts[0] == counts[1] > 100_000


def test_sums_of_fact_month_are_the_figures_of_the_force(sample_home: Home, week: Home) -> None:
    for home, least in ((sample_home, 30_000), (week, 20)):
        assert wrong_sums_of_fact_month(home) == []
        (counts,) = published(
            home,
            "select (select count(*) from bi.fact_month), (select count(*) from (select distinct measure_key, area_key,"
            " date_key, category from bi.fact_month)), count(*) from bi.fact_month join bi.dim_measure using (measure_key)"
            " join bi.dim_area using (area_key) join bi.dim_date using (date_key) where is_month_end",
        )
        assert counts[0] == counts[1] == counts[2] > least
