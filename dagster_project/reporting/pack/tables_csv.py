"""The tables of a pack as CSV, with CSV on the Web metadata: exact figures, with their markers in separate columns.

https://www.w3.org/TR/tabular-metadata/
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dagster_project.core.cell_text import escape_formula, plain_text

from .model import UNITS, Pack, Table
from .wording import name_paragraphs

METADATA = "csv-metadata.json"
CLAIMS = "claims-held"
"""No table can have this name: their names have no hyphen."""
CLAIM_COLUMNS = {
    "no": "Number of the claim", "paragraph": "Paragraph of the report", "kind": "figure or statement",
    "what": "What is claimed", "printed": "As printed; empty for a statement, which is in our own words",
    "computed": "What the warehouse says",
    "difference": "Computed less printed", "verdict": "agrees, agrees when cut, disagrees or not computable",
    "reason": "Why, where it does not simply agree",
}  # fmt: skip


def write_csvs(pack: Pack, folder: Path) -> list[str]:
    """Write a CSV for each table, one of the claims, and the metadata. Returns the names of the files.

    Each column of a table becomes two: the exact figure, empty where there is none, and `<column>_marker`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptions = []
    for table in pack.tables:
        header = ["row_no", "row_label", *(name for c in table.columns for name in (c.name, f"{c.name}_marker"))]
        rows = () if table.unavailable else table.rows
        lines = ([r.no, r.label, *(v for c in r.cells for v in (c.value, c.marker or ""))] for r in rows)
        _write(folder / f"{table.name}.csv", header, lines)
        descriptions.append(_describe_table(table))
    if pack.claims:
        _write(folder / f"{CLAIMS}.csv", list(CLAIM_COLUMNS), ([getattr(c, f) for f in CLAIM_COLUMNS] for c in pack.claims))
        descriptions.append(_describe_claims())
    made_up = "Sample data: every figure of the warehouse is made up. " if pack.is_made_up else ""
    form = f"{pack.rule} " if pack.rule else ""
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": f"{pack.title}, {pack.force}, edition {pack.edition}",
        "dc:description": f"{made_up}{form}Night {pack.night_id}. {pack.data_status}",
        "dc:creator": "PAM Warehouse",
        "notes": [{"marker": m, "means": words} for m, words in pack.markers.items()],
        "tables": descriptions,
    }
    (folder / METADATA).write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*(d["url"] for d in descriptions), METADATA]


def _write(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([escape_formula(v) if isinstance(v, str) else plain_text(v) for v in line] for line in lines)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _describe_table(table: Table) -> dict[str, Any]:
    columns = [
        _column("row_no", "integer", "Row, from 1", required=True),
        _column("row_label", "string", table.rows_are),
    ]
    for c in table.columns:
        described = (c.label, c.window if c.window != c.label else None, UNITS.get(c.unit or ""))
        columns += [
            _column(c.name, "decimal", ", ".join(filter(None, described)), null=""),
            _column(f"{c.name}_marker", "string", f"{c.label}: what is to be said of the figure", null=""),
        ]
    notes = [*filter(None, [table.unavailable]), *table.notes, f"Source: {', '.join(s.title for s in table.sources)}"]
    return {
        "url": f"{table.name}.csv", "dc:title": table.title,
        "dc:description": f"{table.scope}. {name_paragraphs(table.paragraph)}.",
        "notes": notes, "tableSchema": {"columns": columns, "primaryKey": ["row_no"]},
    }  # fmt: skip


def _describe_claims() -> dict[str, Any]:
    columns = [_column(n, "integer" if n == "no" else "string", words, null="") for n, words in CLAIM_COLUMNS.items()]
    return {
        "url": f"{CLAIMS}.csv", "dc:title": "What the report printed, checked against the warehouse", "notes": [],
        "tableSchema": {"columns": columns, "primaryKey": ["no"]},
    }  # fmt: skip


def _column(name: str, datatype: str, description: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "titles": name, "datatype": datatype, **more, "dc:description": description}
