"""Every relation and column is described, and none is described that is not there: what dbt was told of the project against
what it built."""

from support import MARTS

from dagster_project.contracts import load_contracts
from dagster_project.core.raw_table_columns import columns_of, descriptions
from dagster_project.transform import dbt_runner

from .conftest import Candidate

Columns = dict[tuple[str, str, str], set[str]]
"""Columns by database, schema and name."""


def _built(candidate: Candidate) -> Columns:
    found: Columns = {}
    for *relation, column in candidate.execute(
        "select database_name, schema_name, table_name, column_name from duckdb_columns()"
        " where not internal and database_name in ('warehouse', 'work')"
    ):
        found.setdefault(tuple(relation), set()).add(column)
    return found


def _nodes() -> list:
    manifest = dbt_runner.manifest()
    kinds = ("model", "seed")
    return [n for n in manifest.nodes.values() if n.resource_type in kinds] + list(manifest.sources.values())


def test_what_is_built_is_described_and_the_other_way_round(empty: Candidate) -> None:
    described: Columns = {
        (n.database, n.schema, getattr(n, "alias", None) or n.identifier): set(n.columns) for n in _nodes()
    }
    built = _built(empty)
    assert len(built) > 100
    assert set(built) == set(described)
    assert {r: columns ^ described[r] for r, columns in built.items() if columns != described[r]} == {}


def test_tables_of_raw_are_as_they_are_told(empty: Candidate) -> None:
    """Those of lists and of what is carried over, the views among them."""
    built: dict[str, dict[str, str]] = {}
    for table, column, kind in empty.execute(
        "select table_name, column_name, lower(data_type) from duckdb_columns()"
        " where database_name = 'work' and schema_name = 'raw' order by table_name, column_index"
    ):
        built.setdefault(table, {})[column] = kind.replace(",", ", ")
    assert built.keys() - load_contracts() == descriptions().keys()
    for table in descriptions():
        assert list(built[table].items()) == list(columns_of(table).items()), table


def test_every_description_says_something() -> None:
    nodes = _nodes()
    assert nodes
    silent = [n.name for n in nodes if not n.description.strip()]
    silent += [f"{n.name}.{c.name}" for n in nodes for c in n.columns.values() if not c.description.strip()]
    assert silent == []


def test_a_models_description_says_its_grain() -> None:
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model"]
    assert models
    assert [
        n.name for n in models
        if not n.name.startswith("stg_") and "one row" not in n.description and "Grain:" not in n.description
    ] == []  # fmt: skip


def test_marts_have_enforced_contracts() -> None:
    marts = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model" and n.name.startswith("mart_")]
    published = {n.name for n in marts if n.schema == "marts"}
    assert published == MARTS | {"mart_control_charts"}
    for mart in marts:
        if mart.schema == "marts":
            assert mart.contract.enforced, mart.name
            assert all(c.data_type for c in mart.columns.values()), mart.name


def test_marts_have_the_same_columns_and_types(empty: Candidate) -> None:
    rows = empty.execute(
        "select table_name, list((column_name, data_type) order by column_index) from duckdb_columns()"
        " where database_name = 'warehouse' and schema_name = 'marts' group by table_name"
    )
    shapes = {name: shape for name, shape in rows}
    whole = shapes.pop("measures")
    # Months of all of them, as charts.
    assert dict(shapes.pop("mart_control_charts"))["value"] == "DECIMAL(28,10)"
    assert whole[0] == ("mart", "VARCHAR")
    assert shapes.keys() == MARTS and all(shape == whole[1:] for shape in shapes.values())
    assert dict(whole)["value"] == "DECIMAL(28,10)"
