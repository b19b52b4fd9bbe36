"""What is in the published file, and what must never be: paths of the machine. tests/privacy checks personal data."""

import shutil
from pathlib import Path

import duckdb
import pytest
from support import MARTS, all_text, published

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.home import DBT_PROJECT, PROJECT, Home
from dagster_project.core.published_file import PublishError
from dagster_project.publishing import publish


def test_the_file_has_no_path_of_the_machine(sample_home: Home) -> None:
    raw, text = sample_home.warehouse.read_bytes(), all_text(sample_home)
    for place in (sample_home.path, Path.home(), PROJECT):
        assert str(place).encode() not in raw and str(place) not in text


def test_the_five_schemas_and_nothing_else(sample_home: Home) -> None:
    schemas = published(
        sample_home,
        "select schema_name, count(*) from (select schema_name from duckdb_tables() union all"
        " select schema_name from duckdb_views() where not internal) group by 1 order by 1",
    )
    # `measures` and the control charts are not among MARTS.
    marts, reports = len(MARTS) + 2, len([*(DBT_PROJECT / "models" / "reports").glob("*.sql")])
    assert schemas == [("bi", 5), ("marts", marts), ("marts_public", marts), ("meta", 9), ("reports", reports)]


def test_every_mart_has_the_same_columns(sample_home: Home) -> None:
    """`measures` has the same columns after the mart's name."""
    rows = published(
        sample_home,
        "select table_name, list({'n': column_name, 't': data_type} order by column_index) from duckdb_columns()"
        " where schema_name = 'marts' group by 1",
    )
    shapes = {name: [(c["n"], c["t"]) for c in columns] for name, columns in rows}
    stacked = shapes.pop("measures")
    assert shapes.pop("mart_control_charts") != stacked[1:], "charts have other columns"
    assert shapes.keys() == MARTS and stacked[0] == ("mart", "VARCHAR")
    assert {tuple(shape) for shape in shapes.values()} == {tuple(stacked[1:])}
    assert dict(stacked)["value"] == "DECIMAL(28,10)" and dict(stacked)["period_start"] == "DATE"


def test_older_clients_can_read_the_file(sample_home: Home) -> None:
    """DuckDB writes the storage version into its file: published files have that of 1.5, whichever later DuckDB writes them."""
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_home.warehouse}' as night (read_only)")
        (tags,) = con.execute("select tags from duckdb_databases() where database_name = 'night'").fetchone()
    assert tags["storage_version"].startswith("v1.5.0")


def test_figures_by_mart_match_the_receipt(sample_home: Home) -> None:
    from dagster_project.core.receipts import read_receipts

    (receipt,) = read_receipts(sample_home)
    rows = published(sample_home, "select mart, count(*) from marts.measures group by mart")
    assert dict(rows) == receipt.figures and {mart for mart, _ in rows} == MARTS
    import hashlib

    assert hashlib.sha256(sample_home.warehouse.read_bytes()).hexdigest() == receipt.sha256


@pytest.fixture
def home_with_candidate(sample_copy: Home) -> Home:
    """A home with a candidate that could be published."""
    shutil.copyfile(sample_copy.warehouse, sample_copy.candidate / WAREHOUSE)
    return sample_copy


def test_a_candidate_with_another_schema_is_not_published(home_with_candidate: Home) -> None:
    with duckdb.connect(str(home_with_candidate.candidate / WAREHOUSE)) as con:
        con.execute("create schema raw")
    with pytest.raises(PublishError, match=r"schema raw, .* give its models the schema bi, marts or reports"):
        publish.seal(home_with_candidate)


def test_a_candidate_without_its_dictionary_is_not_published(home_with_candidate: Home) -> None:
    with duckdb.connect(str(home_with_candidate.candidate / WAREHOUSE)) as con:
        con.execute("drop schema meta cascade")
    with pytest.raises(PublishError, match="lacks the schema meta"):
        publish.seal(home_with_candidate)


def test_publishing_moves_the_candidate_and_leaves_no_copy(home_with_candidate: Home) -> None:
    digest = publish.seal(home_with_candidate)
    before = home_with_candidate.warehouse.stat().st_ino
    assert publish.publish(home_with_candidate) == {}
    assert home_with_candidate.warehouse.stat().st_ino != before and not (home_with_candidate.candidate / WAREHOUSE).exists()
    assert (home_with_candidate.candidate / WORK).exists() and len(digest) == 64
