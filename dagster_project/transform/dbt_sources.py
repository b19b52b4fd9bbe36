"""What dbt is told of the raw schema and the staging models: written from the contracts, so that a column's type, meaning
and key are said once. The file is not kept in version control."""

from pathlib import Path
from typing import Any

from dagster_project.contracts import Column, Contract, load_contracts
from dagster_project.core.home import DBT_PROJECT
from dagster_project.core.yaml_io import write_yaml

PATH = DBT_PROJECT / "models" / "staging" / "_from_contracts.yml"

ROW_COLUMNS = {
    "_extract": "Extract that the row came in",
    "_force_code": "Force that dropped the file",
    "_load_id": "Load that the row came with",
    "_line": "Line of the file on which the row begins; the header is line 1",
    "_key": "The key's values, in one text",
    "_date": "The date that places the row in the covered window",
    "_extracted_at": "When the file was extracted, UTC",
    "_source_file": "Name of the file",
}

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "loads": (
        "Accepted files that still affect a figure, one row a load",
        {
            "extract": "Extract",
            "force_code": "Force",
            "load_id": "Load",
            "form": "canonical, or police_uk for a file of data.police.uk",
            "known_by": "What makes two rows versions of one: key, indicator, or file (rows have no key)",
            "load_rank": "Order of extraction within the extract and force; equal where extracted at is",
            "covered_from": "First covered day",
            "covered_to": "Last covered day",
            "extracted_at": "When the file was extracted, UTC",
            "source_file": "Name of the file",
            "night_id": "Night that landed it",
            "is_tonight": "Whether that is this night",
            "rows_in_file": "Rows in the file",
            "rows_landed": "Rows landed from it",
            "rows_quarantined": "Rows quarantined from it",
            "rows_duplicate": "Identical repeats, counted once",
        },
    ),
    "accounts": (
        "Where the rows of a file went, one row a file that has a say or came this night",
        {
            "extract": "Extract",
            "force_code": "Force",
            "source_file": "Name of the file",
            "outcome": "accepted, held or refused",
            "rows_in_file": "Rows in the file; 0 where a refused file could not be read",
            "rows_landed": "Rows landed, as the ledger has it",
            "rows_quarantined": "Rows quarantined, as the ledger has it",
            "rows_duplicate": "Identical repeats, counted once",
            "rows_refused": "Rows refused with their file",
            "rows_in_raw": "Rows stored as landed",
            "rows_in_quarantine": "Rows stored in quarantine; null where that file is gone",
            "rows_tied": "Rows stored as landed that a later file of the same time withheld",
        },
    ),
    "asked": (
        "Figures that the editions of the report ask for, one row a figure",
        {
            "asked_id": "Figure",
            "force_code": "Force",
            "mart": "Mart",
            "measure": "Measure",
            "category": "Category",
            "area_type": "Kind of area",
            "area_name": "Area",
            "from_day": "First day of the window; null: from the beginning",
            "to_day": "Last day of the window; null where published says it",
            "prior_from": "First day, a year earlier",
            "prior_to": "Last day, a year earlier",
            "published": "Of what others publish, how many periods before the newest; null where the days say it",
        },
    ),
    "report_tables": (
        "Tables and charts of the editions, one row a table",
        {
            "edition": "Edition",
            "table_no": "Place in the report",
            "table_name": "Relation of reports",
            "kind": "table or chart",
            "chart": "line or bar",
            "objective": "Part of the report",
            "paragraph": "Paragraph of the report",
            "title": "Title",
            "rows_are": "What the rows are",
            "data_to": "Last day of data that it looks at",
            "notes": "Notes, one a line",
        },
    ),
    "report_cells": (
        "Cells of the editions' tables, one row a cell; a cell of every area or category stands for several",
        {
            "edition": "Edition",
            "table_name": "Table",
            "row_no": "Row",
            "row_label": "Name of the row; null where the area or category names it",
            "column_no": "Column",
            "column_name": "Column of the relation",
            "column_label": "Name of the column as printed",
            "window_label": "Window as printed",
            "shows": "Column of the marts",
            "decimals": "Places to print; null: as the unit has them",
            "asked_id": "Figure; null where the cell does not apply",
            "is_cut": "Whether what lies beyond the places is cut off, not rounded",
            "sign": "What stands after a number that has no sign of its own",
        },
    ),
    "frozen": (
        "Figures of the editions that went out, as they were then, one row an edition and figure",
        {
            "edition": "Edition",
            "force_code": "Force",
            "mart": "Mart",
            "measure": "Measure",
            "category": "Category",
            "area_type": "Kind of area",
            "area_name": "Area",
            "period_start": "First day",
            "period_end": "Last day",
            "shows": "Column of the marts",
            "value": "What was printed",
        },
    ),
    "claims": (
        "What the editions print and say, one row a printed figure or a statement",
        {
            "edition": "Edition",
            "claim_no": "Number of the claim in its edition",
            "kind": "figure or statement",
            "paragraph": "Paragraph of the report",
            "force_code": "Force",
            "mart": "Mart",
            "measure": "Measure",
            "figure": "Column of the mart that is printed",
            "area_type": "Kind of area",
            "area_name": "Area",
            "category": "Category",
            "period_label": "Period as the report says it",
            "from_day": "First day",
            "to_day": "Last day",
            "printed": "As printed",
            "printed_value": "What it says; null where printed as not available",
            "printed_places": "How many of its last printed place make one",
            "unit": "Unit",
            "asked_id": "Figure that answers it",
            "known_reason": "Why it is printed although it disagrees",
            "note": "What is known of it",
            "says": "What the report says, in words of our own; null for a printed figure",
            "own_total": "What other printed figures add to, where they do not make this one; null else",
            "own_printed": "The printed figure that they do not make",
        },
    ),
    "statement_terms": (
        "What the statements of the editions are made of, one row a figure",
        {
            "edition": "Edition",
            "claim_no": "Number of the claim in its edition",
            "form": "adds_up, rises, most, largest, near, is or is_partial",
            "group_no": "Whole and parts that belong together",
            "role": "whole or part",
            "amount": "Amount that the whole is held against",
            "asked_id": "Figure",
            "shows": "Which number of the figure: value, volume_change, pct_change or lower_limit",
            "within": "How far whole and parts may lie apart",
        },
    ),
    "contracts": (
        "What the models need of the contracts, one row an extract",
        {
            "extract": "Extract",
            "kind": "events, list, indicators or monthly_file",
            "rhythm": "How often it is expected",
            "is_keyed": "Whether rows have a key",
            "has_areas": "Whether figures go below the force",
            "grace_days": "Days that its newest covered day may lie behind the night before it is late; null: not expected",
        },
    ),
    "absent_columns": (
        "Columns of the contracts that loads do without, one row a load and column",
        {
            "load_id": "Load",
            "column_name": "Column that the file lacks, or that is blank in all rows of a file of 50 or more",
            "is_unit": "Whether it names the unit",
        },
    ),
    "unknown_tonight": (
        "Values of this night's files that no list knows, where a person is told of them, one row an extract and force",
        {
            "extract": "Extract",
            "force_code": "Force",
            "rows_unknown": "Rows without a known value in such a column, where they are many enough to be told of",
            "unknown_values": "The columns and values, with their rows",
        },
    ),
    "contract_values": (
        "Allowed values of the contracts' lists, one row a value",
        {"extract": "Extract", "column_name": "Column", "value": "Value, in the spelling that the marts show"},
    ),
    "row_index": (
        "Rows that another load could supersede, one row a landed row; where some months are carried over, those of the others",
        {
            "extract": "Extract",
            "force_code": "Force",
            "load_id": "Load",
            "line": "Line of the file",
            "row_key": "Key, or the indicator",
            "row_date": "Date that places the row",
        },
    ),
    "landed_rows": (
        "All landed rows in one shape, one row a landed row",
        {
            "extract": "Extract",
            "force_code": "Force",
            "load_id": "Load",
            "line": "Line of the file",
            "row_key": "Key; null where rows have none",
            "row_date": "Date that places the row",
            "unit": "Unit as landed",
            "row_kind": "Value of the contract's first list",
        },
    ),
    "night": (
        "This night, one row",
        {
            "night_id": "Night",
            "night_date": "Its date in London, against which files are late",
            "is_in_part": "Whether the tables of figures hold those of the night before, and only what is due is replaced",
        },
    ),
    "withheld": (
        "Rows that are in a file and not to be used: in quarantine, or at odds with an equal extraction",
        {
            "extract": "Extract",
            "force_code": "Force",
            "load_id": "Load",
            "line": "Line of the file",
            "row_key": "Key; such a row counts as present",
        },
    ),
    "kept_months": (
        "Monthly measures of erased rows that figures rest on, one row a load, month, measure, category and unit",
        {
            "extract": "Extract",
            "force_code": "Force",
            "load_id": "Load whose rows were erased",
            "mart": "Mart",
            "measure": "Measure",
            "category": "Category",
            "leaf_code": "Unit or district; null where the extract has none",
            "leaf_name": "Name of the district",
            "month_no": "Months since year 0",
            "counted_on": "Of a count on some day, the last day that has one",
            "is_covered": "Whether the days were covered",
            "amount": "What the rows added to; of a count on some day, the last",
            "kept_night": "Night whose figures they are; what landed by then had its say",
            "is_carried": "Whether the month is not measured tonight: its sums are carried over",
        },
    ),
    "kept_superseded": (
        "Rows of other loads that erased ones had superseded as newer versions, one row a landed row",
        {"extract": "Extract", "load_id": "Load", "line": "Line of the file", "by_load_id": "Load whose rows were erased"},
    ),
    "carried_months": (
        "Sums of months that are carried over from the night before, in the columns of the measures' monthly models",
        {
            "mart": "Mart",
            "force_code": "Force",
            "leaf_code": "Unit or district",
            "leaf_name": "Name of the district",
            "measure": "Measure",
            "category": "Category",
            "month_no": "Months since year 0",
            "amount": "What the month adds to",
        },
    ),
    "carried_days": (
        "Sums of days of months that are carried over, in the columns of daily",
        {
            "mart": "Mart",
            "force_code": "Force",
            "area_type": "Kind of area",
            "area_code": "Area",
            "measure": "Measure",
            "category": "Category",
            "event_on": "Day",
            "is_covered": "Whether it is covered",
            "amount": "What the day adds to",
        },
    ),
    "carried_row_days": (
        "Rows by day of months that are carried over, in the columns of row_days",
        {
            "extract": "Extract",
            "force_code": "Force",
            "row_date": "Day",
            "row_kind": "Value of the contract's first list",
            "rows_current": "Rows that count",
            "rows_placeable": "Of those, rows that could name a unit",
            "rows_unplaced": "Of those, rows whose unit is not in the list",
        },
    ),
    "carried_superseded": (
        "Superseded rows that were not looked at again, in the columns of superseded_rows",
        {
            "extract": "Extract",
            "load_id": "Load",
            "line": "Line of the file",
            "reason": "Why it does not count",
            "by_load_id": "Load that did it",
        },
    ),
    "carried_periods": (
        "Periods of the night before, with what the figures take from them, in the columns of periods",
        {
            "coverage": "Coverage",
            "force_code": "Force",
            "month_no": "Months since year 0",
            "period_type": "Kind of period",
            "data_status": "Status",
            "end_status": "Status of its last day",
            "prior_status": "Status a year earlier",
            "prior_end_status": "Status of the last day a year earlier",
        },
    ),
    "carried_series": (
        "Categories and districts that the sums of the night before had, one row each, of marts that files touch",
        {
            "mart": "Mart",
            "force_code": "Force",
            "kind": "category or district",
            "code": "Measure, or code of the district",
            "title": "Category, or name of the district",
        },
    ),
    "figures_touched": (
        "Months that this night measures again, one row a mart, force and month",
        {"mart": "Mart", "force_code": "Force", "month_no": "Months since year 0; 0 for all"},
    ),
    "withheld_versions": (
        "Landed rows with a key that is withheld of some file, one row a landed row",
        {"extract": "Extract", "force_code": "Force", "load_id": "Load", "line": "Line of the file", "row_key": "Key"},
    ),
    "own_areas": (
        "The home's own list of areas; replaces the seed's for the forces that it names",
        {
            "force_code": "Force",
            "section_code": "Code of the section",
            "section_name": "Name of the section",
            "lpu_code": "Code of the unit",
            "lpu_name": "Name of the unit",
        },
    ),
    "published_months": (
        "Headline figures of the force in complete months, as they are published, one row a mart, force, measure and month",
        {
            "mart": "Mart",
            "force_code": "Force",
            "measure": "Measure",
            "month_no": "Months since year 0",
            "value": "Figure",
        },
    ),
    "accepted_months": (
        "Months that a person lets pass though they are far from the year before, one row a measure, force and month",
        {"measure": "Measure", "force_code": "Force", "month_no": "Months since year 0"},
    ),
    "vocabulary": (
        "What values of classifying columns count as, the home's own on top of the project's, one row a value",
        {
            "extract": "Extract",
            "column_name": "Column",
            "value": "Value, in lower case",
            "counts_as": "What rows with it count as; nothing where they count nowhere",
        },
    ),
    "own_offence_codes": (
        "The home's own offence codes, on top of the seed's",
        {"offence_code": "Code", "offence_class": "possession, trafficking or other"},
    ),
    "rebases": (
        "Months from which a control chart is computed anew, one row a series and month",
        {
            "mart": "Mart",
            "force_code": "Force",
            "area_type": "force, section, lpu or district",
            "area_code": "Area",
            "measure": "Measure",
            "category": "Category",
            "rebase_on": "A day of the month from which it is computed anew",
            "reason": "Why",
        },
    ),
}


def _source_column(column: Column) -> dict[str, Any]:
    return {"name": column.name, "description": column.description, "data_type": column.type}


def _extract_source(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.extract,
        "description": f"{contract.title}, as landed. {contract.description}",
        "columns": [_source_column(c) for c in contract.columns]
        + [{"name": n, "description": d, "data_type": "text"} for n, d in ROW_COLUMNS.items()],
    }


def _staging_model(contract: Contract) -> dict[str, Any]:
    return {
        "name": f"stg_{contract.extract}",
        "description": f"{contract.title}: current rows, typed; {contract.grain}. {contract.description}",
        "columns": [
            {"name": "force_code", "description": "Force"},
            {"name": "load_id", "description": "Load that the row came with"},
            {"name": "line", "description": "Line of the file on which the row begins"},
            *({"name": c.name, "description": c.description} for c in contract.columns),
            {"name": "unit_code", "description": "Unit in the list of areas, `unknown` where it names none"},
        ],
        "data_tests": [
            {
                "one_current_version": {
                    "arguments": {
                        "key": contract.key,
                        "date": contract.date_column,
                        "keyless": contract.police_uk is not None,
                    }
                }
            }
        ],
    }


def contents() -> dict[str, Any]:
    """The properties file as data: one source of all raw tables, one entry for each staging model."""
    contracts = load_contracts().values()
    return {
        "version": 2,
        "sources": [
            {
                "name": "raw",
                # Spark knows of no database but the schema.
                "database": "{{ 'raw' if target.type == 'spark' else 'work' }}",
                "schema": "raw",
                "description": "What landing left: immutable rows, all text, and the lists that say what they mean.",
                "tables": [
                    *(_extract_source(c) for c in contracts),
                    *(
                        {
                            "name": name,
                            "description": description,
                            "columns": [{"name": n, "description": d} for n, d in columns.items()],
                        }
                        for name, (description, columns) in TABLES.items()
                    ),
                ],
            }
        ],
        "models": [_staging_model(c) for c in contracts],
    }


def properties() -> str:
    """The properties file as it is to be committed."""
    return "# Written by `pam docs` from the contracts: change those, not this.\n" + write_yaml(contents())


def write(path: Path = PATH) -> bool:
    """Write the properties file if it differs from what is there. Returns whether it did."""
    text = properties()
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
