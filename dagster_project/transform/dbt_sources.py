"""dbt's properties of the extracts in the raw schema and of the staging models, written from the contracts, so that a column's
type, meaning and key are defined once. The file is committed, so that plain dbt works in a clone; a test fails if it is stale.
"""

from typing import Any

from dagster_project.contracts import Contract, load_contracts
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


def _extract_source(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.extract,
        "description": f"{contract.title}, as landed. {contract.description}",
        "columns": [{"name": c.name, "description": c.description, "data_type": c.type} for c in contract.columns]
        + [{"name": n, "description": d, "data_type": "text"} for n, d in ROW_COLUMNS.items()],
    }


def _one_current_version(contract: Contract) -> dict[str, Any]:
    """The test of a staging model, with a name and a description: dbt would make a name of the arguments."""
    keyless = contract.police_uk is not None
    which = f"Each {' and '.join(contract.key)} of a force" if contract.key else "Each line of a file"
    if keyless and contract.key:
        which += ", or each line of a file where data.police.uk gives none,"
    needed = dict.fromkeys([*([] if keyless else contract.key), *filter(None, [contract.date_column])])
    has_needed = f", and each row has {' and '.join(needed)}" if needed else ""
    return {
        "name": f"one_current_version_stg_{contract.extract}",
        "description": f"{which} is there once{has_needed}.",
        "arguments": {"key": contract.key, "date": contract.date_column, "keyless": keyless},
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
        "data_tests": [{"one_current_version": _one_current_version(contract)}],
    }


def properties() -> str:
    """The properties file as it is to be committed: the extracts as a source, one entry for each staging model."""
    contracts = load_contracts().values()
    contents = {
        "version": 2,
        "sources": [
            {
                "name": "raw",
                # Spark knows of no database but the schema.
                "database": "{{ 'raw' if target.type == 'spark' else 'work' }}",
                "schema": "raw",
                "description": "What landing left: immutable rows, all text, and the lists that say what they mean.",
                "tables": [_extract_source(c) for c in contracts],
            }
        ],
        "models": [_staging_model(c) for c in contracts],
    }
    return "# Written by `pam docs` from the contracts: change those, not this.\n" + write_yaml(contents)


def write() -> bool:
    """Write the properties file if it differs from what is there. Returns whether it did."""
    text = properties()
    if PATH.exists() and PATH.read_text(encoding="utf-8") == text:
        return False
    PATH.write_text(text, encoding="utf-8")
    return True
