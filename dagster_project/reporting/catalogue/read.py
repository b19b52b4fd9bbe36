"""Reads the catalogue from a night's file: relations, columns, measures, checks, extracts and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import duckdb

from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.row_tables import read_rows
from dagster_project.core.sql import has_table

from ..pack.model import UNITS
from ..pack.wording import slug

SCHEMAS = {
    "marts": "The figures: a mart for each subject, exact, with small numbers",
    "marts_public": "The marts in the form that may leave the force",
    "reports": "The tables, charts and claims of the report",
    "bi": "The figures as a star, for BI tools",
    "meta": "About this file: dictionary, checks, extracts and files",
}
"""The schemas of a published file, in the order of the pages."""
EARLIER_FILES = 200
"""Files of earlier nights that were held or refused are listed, the newest ones up to this number."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """A measure in words. `tables`: edition, name and title of the tables of the report that show it.

    `extract`: the extract on whose covered days it is available; empty if the project no longer has the measure.
    """

    mart: str
    name: str
    title: str
    unit: str
    meaning: str
    formula: str
    available_from: Any
    categories: tuple[str, ...]
    areas: tuple[str, ...]
    tables: tuple[tuple[str, str, str], ...]
    extract: str

    @property
    def relations(self) -> list[str]:
        """The relations of `reports` that show it."""
        return list(dict.fromkeys(table for _, table, _ in self.tables))

    @property
    def anchor(self) -> str:
        return f"measure-{slug(self.name)}"


@dataclass(frozen=True)
class DescribedRelation:
    """A table or view of the file, with its columns: name, type, meaning."""

    schema: str
    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]
    measures: tuple[Measure, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def page(self) -> str:
        return f"{slug(self.full_name)}.html"


@dataclass(frozen=True)
class Catalogue:
    """The whole catalogue. `checks`: by suite. `earlier`: files held or refused before this night, newest first."""

    night: Row
    schemas: tuple[tuple[str, str, tuple[DescribedRelation, ...]], ...]
    checks: tuple[tuple[str, tuple[Row, ...]], ...]
    failed: tuple[Row, ...]
    extracts: tuple[Row, ...]
    vocabulary: tuple[Row, ...]
    files: tuple[Row, ...]
    earlier: tuple[Row, ...]
    earlier_count: int

    @cached_property
    def relations(self) -> list[DescribedRelation]:
        return [r for _, _, relations in self.schemas for r in relations]

    @cached_property
    def pages(self) -> dict[str, str]:
        return {r.full_name: r.page for r in self.relations}

    @property
    def titles(self) -> dict[str, str]:
        """Of the extracts."""
        return {e["extract"]: e["title"] for e in self.extracts}

    @property
    def measures(self) -> list[Measure]:
        return [m for r in self.relations for m in r.measures]

    @property
    def check_count(self) -> int:
        return sum(len(checks) for _, checks in self.checks)

    @property
    def late(self) -> list[Row]:
        """The extracts that are late or were never received."""
        return [e for e in self.extracts if e["status"] not in ("current", "not sent")]


def read_catalogue(con: duckdb.DuckDBPyConnection) -> Catalogue:
    """Read the catalogue of a night's file. Raises ValueError if two relations would share a page."""
    nights = read_rows(con, "select * from meta.nights where finished_at is null order by started_at desc limit 1")
    night = nights[0] if nights else {}
    checks = read_rows(
        con,
        # A night of an earlier version, as `pam rollback` publishes it, has no messages.
        "from meta.checks union all by name select null as message where false order by suite, subject, rule, found",
    )
    # The pages leave out file names: they stay inside the force. `meta.files` has them, by load.
    files = read_rows(
        con,
        "select * exclude (source_file) from meta.files"
        " order by landed_at desc, extract, force_code, covered_from, load_id, reason",
    )
    earlier = [f for f in files if f["night_id"] != night.get("night_id") and f["outcome"] in ("held", "refused", "retracted")]
    return Catalogue(
        night=night,
        schemas=_schemas(con),
        checks=tuple((suite, tuple(checks_of_suite)) for suite, checks_of_suite in groupby(checks, lambda c: c["suite"])),
        failed=tuple(sorted((c for c in checks if not c["passed"]), key=lambda c: c["severity"])),
        extracts=tuple(read_rows(con, "select * from meta.extracts order by title, extract, force_code")),
        vocabulary=_vocabulary(con),
        files=tuple(f for f in files if f["night_id"] == night.get("night_id")),
        earlier=tuple(earlier[:EARLIER_FILES]),
        earlier_count=len(earlier),
    )


def _vocabulary(con: duckdb.DuckDBPyConnection) -> tuple[Row, ...]:
    """How many values of each column no list knows; none in a night of a version that did not record them."""
    if not has_table(con, "meta", "vocabulary"):
        return ()
    return tuple(
        read_rows(
            con,
            """
            select force_code, extract, column_name, count(*) as n_values, min(first_night) as first_night,
                max(last_night) as last_night
            from meta.vocabulary group by all order by all
            """,
        )
    )


def _schemas(con: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str, tuple[DescribedRelation, ...]], ...]:
    dictionary = read_rows(con, "select rowid, * from meta.dictionary order by rowid")
    measures = _measures(con, [d for d in dictionary if d["kind"] == "measure"])
    columns: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for d in dictionary:
        if d["kind"] == "column":
            columns.setdefault((d["schema_name"], d["relation_name"]), []).append(
                (d["name"], d["data_type"] or "", d["description"] or "")
            )
    relations = [
        DescribedRelation(
            d["schema_name"], d["name"], d["description"] or "", tuple(columns.get((d["schema_name"], d["name"]), ())),
            tuple(m for m in measures if d["schema_name"] == "marts" and m.mart == d["name"]),
        )
        for d in dictionary
        if d["kind"] == "relation"
    ]  # fmt: skip
    if len({r.page for r in relations}) != len(relations):
        raise ValueError("two relations of the dictionary would have the same page of the catalogue")
    names = [*SCHEMAS, *sorted({r.schema for r in relations} - set(SCHEMAS))]
    relations.sort(key=lambda r: r.name)
    schemas = ((s, SCHEMAS.get(s, ""), tuple(r for r in relations if r.schema == s)) for s in names)
    return tuple(schema for schema in schemas if schema[2])


def _measures(con: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> list[Measure]:
    splits: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
        (mart, measure): (tuple(categories), tuple(areas))
        for mart, measure, categories, areas in con.execute(
            "select mart, measure, list(distinct category order by category), list(distinct area_type order by area_type)"
            " from marts.measures group by all"
        ).fetchall()
    }
    tables: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for mart, measure, *table in con.execute(
        "select distinct mart, measure, edition, table_name, title from reports.cells join reports.tables using"
        " (edition, table_name) where measure is not null order by all"
    ).fetchall():
        tables.setdefault((mart, measure), []).append(tuple(table))
    extracts = {(m["mart"], m["measure"]): extract_of(m) for m in read_seed("measure_list")}
    return [
        Measure(
            d["relation_name"], d["name"], d["title"], UNITS.get(d["unit"]) or d["unit"], d["description"], d["formula"] or "",
            d["available_from"], *splits.get((d["relation_name"], d["name"]), ((), ())),
            tuple(tables.get((d["relation_name"], d["name"]), ())), extracts.get((d["relation_name"], d["name"]), ""),
        )
        for d in rows
    ]  # fmt: skip
