"""A night's relations in PostgreSQL: types, keys, indexes and comments."""

import re
from dataclasses import dataclass
from typing import LiteralString, cast

import duckdb
from psycopg import sql

from dagster_project.public_form import CHARTS
from dagster_project.public_form import SCHEMA as PUBLIC

from .errors import PostgresError
from .roles_and_grants import NEXT, SCHEMAS

TYPES = {
    "VARCHAR": "text", "BOOLEAN": "boolean", "INTEGER": "integer", "BIGINT": "bigint", "SMALLINT": "smallint", "DATE": "date",
    # Times of the published file are UTC, and so is the loading session's time zone.
    "TIMESTAMP": "timestamptz",
}  # fmt: skip

FIGURE_KEY = ("measure", "period_type", "area_type", "area_code", "category", "period_end", "period_start", "force_code")
"""The grain of a mart, in the order in which BI tools filter: the primary key is the index for their filters."""

CHART_KEY = ("mart", "measure", "area_type", "area_code", "category", "period_start", "force_code")
"""The grain of the control charts, whose rows are months of several marts."""

KEYS = {
    f"marts.{CHARTS}": CHART_KEY,
    f"marts_public.{CHARTS}": CHART_KEY,
    "bi.dim_date": ("date_key",),
    "bi.dim_area": ("area_key",),
    "bi.dim_measure": ("measure_key",),
    "bi.fact_figure": ("measure_key", "period_type", "area_key", "category", "date_key", "period_start"),
    "bi.fact_month": ("measure_key", "area_key", "category", "date_key"),
    "marts_public.measures": ("mart", *FIGURE_KEY),
    "meta.nights": ("night_id",),
}
LONGEST_KEY = 2000
"""Bytes of a key's texts that an index takes for sure: PostgreSQL's limit is 2704 for a row, with all that goes with it."""

INDEXES = {
    "bi.fact_figure": (("area_key", "period_type", "date_key"), ("date_key", "period_type")),
    "bi.fact_month": (("area_key", "date_key"), ("date_key",)),
    "reports.cells": (("edition", "table_name"),),
    "meta.dictionary": (("kind", "relation_name", "name"),),
}
MART_INDEXES = (("area_code", "period_type", "period_end"),)
DIMENSIONS = {"measure_key": "dim_measure", "area_key": "dim_area", "date_key": "dim_date"}
REFERENCES = {"bi.fact_figure": DIMENSIONS, "bi.fact_month": DIMENSIONS}
"""Foreign keys, from which BI tools make their joins."""


@dataclass(frozen=True)
class Relation:
    """A relation of the night's file and its form in PostgreSQL."""

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]
    """Name and PostgreSQL type, in order."""

    @property
    def full(self) -> str:
        """`marts.mart_pspo`."""
        return f"{self.schema}.{self.name}"

    @property
    def is_public_mart(self) -> bool:
        """Whether it is a mart of `marts_public`, which is a view in both databases."""
        return self.schema == PUBLIC and self.name not in ("measures", CHARTS)

    @property
    def is_view(self) -> bool:
        """Whether it is a view in PostgreSQL, too."""
        return self.full == "marts.measures" or self.is_public_mart

    @property
    def is_mart(self) -> bool:
        """Whether a row of it is a figure of one mart. A force's own model in this schema may be of any shape."""
        has_key = {*FIGURE_KEY} <= {name for name, _ in self.columns}
        return self.schema == "marts" and self.name.startswith("mart_") and self.name != CHARTS and has_key

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of its primary key; empty if it has none."""
        return FIGURE_KEY if self.is_mart else KEYS.get(self.full, ())

    @property
    def indexes(self) -> tuple[tuple[str, ...], ...]:
        """Columns of each further index."""
        return MART_INDEXES if self.is_mart else INDEXES.get(self.full, ())

    @property
    def target(self) -> sql.Composable:
        """Its name in PostgreSQL while it is loaded."""
        return sql.Identifier(self.schema + NEXT, self.name)


def _type_of(kind: str, column: str) -> str:
    """The PostgreSQL type for a DuckDB type. Raises PostgresError if there is no exact one."""
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return f"numeric({match[1]},{match[2]})"
    if kind.startswith("ENUM"):
        return "text"
    if kind not in TYPES:
        raise PostgresError(f"{column} has the type {kind}, which does not go to PostgreSQL exactly: the model is to cast it")
    return TYPES[kind]


def relations(con: duckdb.DuckDBPyConnection) -> list[Relation]:
    """The published relations of a night's file, dimensions before relations that refer to them. Raises PostgresError."""
    rows = con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() and list_contains(?, schema_name) order by 1, 2, column_index",
        [SCHEMAS],
    ).fetchall()
    columns_of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, name, column, kind in rows:
        columns_of.setdefault((schema, name), []).append((column, _type_of(kind, f"{schema}.{name}.{column}")))
    result = [Relation(s, n, tuple(columns)) for (s, n), columns in columns_of.items()]
    return sorted(result, key=lambda r: (r.is_view, r.full in REFERENCES, r.full))


def create(relation: Relation, marts: list[Relation]) -> sql.Composed:
    """SQL for the relation: a view of `marts` or of `marts_public.measures`, or a table without keys: it is faster to add them
    after the rows."""
    if not relation.is_view:
        columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(cast(LiteralString, t))) for n, t in relation.columns]
        return sql.SQL("create table {} ({})").format(relation.target, sql.SQL(", ").join(columns))
    names = _names(tuple(n for n, _ in relation.columns if n != "mart"))
    if relation.is_public_mart:
        select = sql.SQL("select {} from {} where mart = {}").format(
            names, sql.Identifier(PUBLIC + NEXT, "measures"), sql.Literal(relation.name)
        )
    else:
        select = sql.SQL(" union all ").join(
            sql.SQL("select {}::text as mart, {} from {}").format(sql.Literal(m.name), names, m.target) for m in marts
        )
    return sql.SQL("create view {} as {}").format(relation.target, select)


def is_key_too_long(con: duckdb.DuckDBPyConnection, relation: Relation) -> bool:
    """Whether a row's key is longer than an index takes: a category may be a text of any length."""
    texts = [f'strlen("{n}")' for n, kind in relation.columns if kind == "text" and n in relation.key]
    if not texts:
        return False
    (longest,) = con.execute(f'select max({" + ".join(texts)}) from "{relation.schema}"."{relation.name}"').fetchone() or (0,)
    return (longest or 0) > LONGEST_KEY


def keys(relation: Relation, is_too_long: bool = False) -> list[sql.Composed]:
    """Statements for its primary key, indexes and references. Where the key is too long, an index without the category stands
    in for it."""
    target, statements = relation.target, list[sql.Composed]()
    if relation.key and is_too_long:
        short = tuple(name for name in relation.key if name != "category")
        statements.append(sql.SQL("create index on {} ({})").format(target, _names(short)))
    elif relation.key:
        statements.append(sql.SQL("alter table {} add primary key ({})").format(target, _names(relation.key)))
    statements += [sql.SQL("create index on {} ({})").format(target, _names(columns)) for columns in relation.indexes]
    statements += [
        sql.SQL("alter table {} add foreign key ({}) references {}").format(
            target, sql.Identifier(column), sql.Identifier(relation.schema + NEXT, other)
        )
        for column, other in REFERENCES.get(relation.full, {}).items()
    ]
    return statements


def comments(relation: Relation, descriptions: dict[tuple[str, str, str], str]) -> list[sql.Composed]:
    """Statements for its description and its columns', from `meta.dictionary` by schema, relation and name."""
    kind, target = "view" if relation.is_view else "table", relation.target
    statements = []
    if text := descriptions.get((relation.schema, relation.name, relation.name)):
        statements.append(sql.SQL("comment on {} {} is {}").format(sql.SQL(kind), target, sql.Literal(text)))
    statements += [
        sql.SQL("comment on column {}.{} is {}").format(target, sql.Identifier(name), sql.Literal(text))
        for name, _ in relation.columns
        if (text := descriptions.get((relation.schema, relation.name, f".{name}")))
    ]
    return statements


def descriptions(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], str]:
    """Descriptions of `meta.dictionary` by schema, relation and name; a column's name has a dot in front."""
    rows = con.execute(
        "select schema_name, relation_name, case kind when 'column' then '.' || name else name end, description"
        " from meta.dictionary where kind in ('relation', 'column')"
    ).fetchall()
    return {tuple(row[:3]): row[3] for row in rows}


def _names(columns: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(c) for c in columns)
