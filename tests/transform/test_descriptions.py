"""Every relation and column has a description, and every description its relation or column: dbt's manifest against what it
built."""

from support import MARTS

from dagster_project.contracts import load_contracts
from dagster_project.core.raw_table_columns import columns_of, descriptions
from dagster_project.transform import dbt_runner

from .conftest import Candidate

Columns = dict[tuple[str, str, str], set[str]]
"""Columns by database, schema and name."""


def _built(candidate: Candidate) -> Columns:
    columns: Columns = {}
    for *relation, column in candidate.execute(
        "select database_name, schema_name, table_name, column_name from duckdb_columns()"
        " where not internal and database_name in ('warehouse', 'work')"
    ):
        columns.setdefault(tuple(relation), set()).add(column)
    return columns


def _nodes() -> list:
    manifest = dbt_runner.manifest()
    kinds = ("model", "seed")
    return [n for n in manifest.nodes.values() if n.resource_type in kinds] + list(manifest.sources.values())


def test_built_and_described_columns_are_the_same(empty_candidate: Candidate) -> None:
    described: Columns = {(n.database, n.schema, getattr(n, "alias", None) or n.identifier): set(n.columns) for n in _nodes()}
    built = _built(empty_candidate)
    assert len(built) > 100
    assert set(built) == set(described)
    assert {r: columns ^ described[r] for r, columns in built.items() if columns != described[r]} == {}


def test_raw_tables_have_the_listed_columns(empty_candidate: Candidate) -> None:
    """Tables and views of lists and of what is carried forward."""
    built: dict[str, dict[str, str]] = {}
    for table, column, kind in empty_candidate.execute(
        "select table_name, column_name, lower(data_type) from duckdb_columns()"
        " where database_name = 'work' and schema_name = 'raw' order by table_name, column_index"
    ):
        built.setdefault(table, {})[column] = kind.replace(",", ", ")
    assert built.keys() - load_contracts() == descriptions().keys()
    for table in descriptions():
        assert list(built[table].items()) == list(columns_of(table).items()), table


def test_no_description_is_blank() -> None:
    nodes = _nodes()
    assert nodes
    blank = [n.name for n in nodes if not n.description.strip()]
    blank += [f"{n.name}.{c.name}" for n in nodes for c in n.columns.values() if not c.description.strip()]
    assert blank == []


def test_a_models_description_says_its_grain() -> None:
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model"]
    assert models
    assert [
        n.name for n in models
        if not n.name.startswith("stg_") and "one row" not in n.description and "Grain:" not in n.description
    ] == []  # fmt: skip


def test_marts_and_the_star_have_enforced_contracts() -> None:
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model"]
    marts = {n.name for n in models if n.schema == "marts"} - {"measures"}
    assert marts == MARTS | {"mart_control_charts"}
    for model in models:
        if model.name in marts or model.schema == "bi":
            assert model.contract.enforced, model.name
            assert all(c.data_type for c in model.columns.values()), model.name


def test_the_exposures_have_all_that_is_published() -> None:
    """Without one, dbt's lineage shows a published model as one that nobody reads."""
    manifest = dbt_runner.manifest()
    published = {x for x, n in manifest.nodes.items() if n.resource_type == "model" and n.database == "warehouse"}
    assert published
    for exposure in (e for e in manifest.exposures.values() if e.name in ("published_file", "postgresql")):
        # All marts are stacked in `measures`.
        named = set(exposure.depends_on.nodes)
        named |= {parent for x in named & published for parent in manifest.nodes[x].depends_on.nodes}
        assert sorted(published - named) == []


def test_marts_have_the_same_columns_and_types(empty_candidate: Candidate) -> None:
    rows = empty_candidate.execute(
        "select table_name, list((column_name, data_type) order by column_index) from duckdb_columns()"
        " where database_name = 'warehouse' and schema_name = 'marts' group by table_name"
    )
    shapes = {name: shape for name, shape in rows}
    measures = shapes.pop("measures")
    # Monthly points of all marts.
    assert dict(shapes.pop("mart_control_charts"))["value"] == "DECIMAL(28,10)"
    assert measures[0] == ("mart", "VARCHAR")
    assert shapes.keys() == MARTS and all(shape == measures[1:] for shape in shapes.values())
    assert dict(measures)["value"] == "DECIMAL(28,10)"
