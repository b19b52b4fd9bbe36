"""Open files: every mart and table of the report, as Parquet and as CSV with CSV on the Web metadata.

https://www.w3.org/TR/tabular-data-primer/; the metadata is https://www.w3.org/TR/tabular-metadata/
"""

import json
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.cell_text import escape_formula_sql
from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder
from dagster_project.core.reuse_outputs import ReusedFiles
from dagster_project.core.sql import CONTENT_HASH, literal, one_row
from dagster_project.public_form import CHARTS, rule_of
from dagster_project.public_form import SCHEMA as PUBLIC

from ..figure_diff import KEY
from . import OutputContext

METADATA = "csv-metadata.json"
"""The file name that programs for CSV on the Web look for, next to the CSV files."""

META = ("checks", "dictionary", "extracts", "nights", "revisions")
"""Published tables of the schema `meta`. File names, the list of unknown values, who accepted a month, and
reasons of known changes stay inside the force."""

CHART_KEY = ("mart", "force_code", "area_type", "area_code", "measure", "category", "period_start")
"""The columns that identify a row of the control charts."""

DATATYPES: dict[str, Any] = {
    "varchar": "string",
    "bigint": "integer",
    # What `sum()` of counts gives, in a model of the force's own.
    "hugeint": "integer",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "dateTime",
    "double": "double",
}

OPEN = {"street_crime", "stop_search", "public_health"}
"""Extracts that are, or can be, files of data.police.uk or Fingertips, which have a licence of their own."""
OGL = "Contains public sector information licensed under the Open Government Licence v3.0."

EXACT = "Figures are exact, and small numbers are not left out: the schema marts_public has the form that may leave the force."

Relation = tuple[str, str, str, str]
"""Schema, name, description, and file name without extension."""
Column = tuple[str, str, str | None]
"""Name, type and description."""


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
    """Write `parquet/`, `csv/` with its metadata, and README.txt."""
    parquet, csv = make_folder(folder / "parquet"), make_folder(folder / "csv")
    config = read_config(context.home).publish
    about = statement(con, context)
    tables = []
    for relation in relations(con, config.open == "public"):
        schema, name, _, file_name = relation
        columns: list[Column] = con.execute(
            "select column_name, data_type, comment from duckdb_columns()"
            " where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
            [schema, name],
        ).fetchall()
        # A view has no order, and the same night must give the same bytes.
        ordered = f"{schema}.{name} order by all" if schema == "reports" else f"{schema}.{name}"
        metadata_sql = ", ".join(f"{key}: {literal(text)}" for key, text in about.items() if text)
        con.execute(
            f"copy (from {ordered}) to {literal(str(parquet / f'{file_name}.parquet'))}"
            f" (format parquet, compression zstd, kv_metadata {{{metadata_sql}}})"
        )
        _write_csv(con, context.reused, csv / f"{file_name}.csv", ordered, columns)
        tables.append(_table_metadata(relation, columns))
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": about["title"],
        "dc:description": about["description"],
        "dc:source": about["source"],
        "dc:rights": about["rights"],
        **({"dc:license": {"@id": about["licence"]}} if about["licence"] else {}),
        "tables": tables,
    }
    (csv / METADATA).write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.txt").write_text(_readme(about, tables, config.open == "public"), encoding="utf-8")


def _write_csv(
    con: duckdb.DuckDBPyConnection, reused: ReusedFiles, path: Path, ordered: str, columns: list[Column]
) -> None:  # fmt: skip
    """Write a relation as CSV, or reuse the published file if its rows and their order are the same."""
    shown = ", ".join(_as_text(column, kind) for column, kind, _ in columns)
    numbered = f"(select *, row_number() over () as place from (from {ordered}))"
    rows_hash = one_row(con, f"select {CONTENT_HASH} from {numbered} as t")
    reused.reuse_or_make(
        path, f"{shown} from {ordered} {columns} {rows_hash}",
        lambda new: con.execute(
            f"copy (select {shown} from (from {ordered})) to {literal(str(new))}"
            " (format csv, header, dateformat '%Y-%m-%d', timestampformat '%Y-%m-%dT%H:%M:%S.%f')"
        ),
    )  # fmt: skip


def relations(con: duckdb.DuckDBPyConnection, for_the_public: bool = False) -> list[Relation]:
    """The relations to write, in order: marts, the report's tables, and `META`.

    `for_the_public`: only the public form of the marts and the dictionary. The report's tables and the counts of rows and
    revisions are exact: hidden figures could be worked out from them. Raises ValueError for a night without a public form.
    """
    marts, report_schemas, meta = (PUBLIC, (), ("dictionary",)) if for_the_public else ("marts", ("reports",), META)
    rows = con.execute(
        "select schema_name, relation_name, description from meta.dictionary where kind = 'relation'"
        " and (schema_name = $1 and relation_name <> 'measures' or list_contains($2, schema_name)"
        " or schema_name = 'meta' and list_contains($3, relation_name)) order by all",
        [marts, list(report_schemas), list(meta)],
    ).fetchall()
    if for_the_public and not any(schema == PUBLIC for schema, *_ in rows):
        raise ValueError(f"the night has no {PUBLIC}, which `[publish] open` of pam.toml asks for")
    return [(schema, name, about, name if schema == marts else f"{schema}_{name}") for schema, name, about in rows]


def statement(con: duckdb.DuckDBPyConnection, context: OutputContext) -> dict[str, str]:
    """Title, description, source, rights and licence of the open files."""
    extracts = con.execute(
        "select extract, title, max(covered_to) from meta.extracts where files_accepted > 0 group by all order by all"
    ).fetchall()
    config = read_config(context.home).publish
    licence = config.licence or ""
    # From the night itself: the settings may have changed since.
    form = rule_of(con) if config.open == "public" else EXACT
    rights = (
        f"Licence: {licence}." if licence else "The force states no licence for these figures: ask it before passing them on."
    )
    if any(extract in OPEN for extract, *_ in extracts):
        rights += f" {OGL}"
    sample = "Sample data: every figure is made up. " if context.is_made_up else ""
    covered = max((day for *_, day in extracts if day), default=None)
    return {
        "title": f"{'Sample: ' if context.is_made_up else ''}Police performance figures",
        "description": f"{sample}Night {context.night_id}, extracts to {covered}. Published by PAM Warehouse. {form}",
        "source": f"Extracts: {', '.join(title for _, title, _ in extracts) or 'none'}",
        "rights": rights,
        "licence": licence,
    }


def _as_text(column: str, kind: str) -> str:
    """SQL for a column in CSV: decimals without trailing zeros, texts with formulas escaped."""
    if kind.startswith("DECIMAL") and not kind.endswith(",0)"):
        return f"rtrim(rtrim(cast({column} as varchar), '0'), '.') as {column}"
    if kind == "VARCHAR":
        return f"{escape_formula_sql(column)} as {column}"
    return column


def _table_metadata(relation: Relation, columns: list[Column]) -> dict[str, Any]:
    schema, name, description, file_name = relation
    column_metadata = [
        {
            "name": column,
            "titles": column,
            "datatype": "decimal" if kind.startswith("DECIMAL") else DATATYPES.get(kind.lower(), "string"),
            "null": "",
            "dc:description": about or column,
        }
        for column, kind, about in columns
    ]
    key = CHART_KEY if name == CHARTS else KEY[1:]
    # A force's own model in this schema may be of any shape.
    is_mart = schema in ("marts", PUBLIC) and {*key} <= {column for column, *_ in columns}
    return {
        "url": f"{file_name}.csv",
        "dc:title": f"{schema}.{name}",
        "dc:description": description or name,
        "tableSchema": {"columns": column_metadata, **({"primaryKey": list(key)} if is_mart else {})},
    }


def _readme(about: dict[str, str], tables: list[dict[str, Any]], is_public: bool) -> str:
    null = "not available, not applicable, or not public (marker [c])" if is_public else "not available, or not applicable"
    listed = "".join(f"  {t['url'].removesuffix('.csv')}\n      {t['dc:description']}\n" for t in tables)
    return f"""{about["title"]}

{about["description"]}
{about["source"]}
{about["rights"]}

parquet/  one file a relation, with exact types
csv/      the same as CSV (UTF-8), with {METADATA} (CSV on the Web): the type and meaning of every column

In CSV, nothing between two commas means null: {null}.
It is never 0. A text that a spreadsheet would take for a formula has an apostrophe before it.
A category may be the text NA or None. So that it is not read as null: in pandas
read_csv(..., keep_default_na=False, na_values=""), in R read.csv(..., na.strings = "").

A mart has totals beside their parts. Before you add anything, choose one measure, one area_type, one period_type, and
the category all or all of the others. Add counts and money, of months or years: rolling years and years to date
overlap, and lines_active, pspos_active and cohort_size are numbers on a day. Of a rate, add numerators and
denominators. A figure that is partial is of covered days alone.

{listed}"""
