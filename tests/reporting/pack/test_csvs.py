"""The CSVs read back by what their metadata say are reports.cells; no text of them is a formula."""

import csv
import json
from decimal import Decimal

from support import as_dicts

from dagster_project.serving import connect, escape_formula

from .conftest import FORMULA, Made

READ = {"integer": int, "decimal": Decimal, "string": str}


def test_read_back_they_are_the_cells(made: Made) -> None:
    folder = made.folder / "csv"
    metadata = json.loads((folder / "csv-metadata.json").read_text(encoding="utf-8"))
    assert metadata["@context"][0] == "http://www.w3.org/ns/csvw"
    assert ("Sample data" in metadata["dc:description"]) == made.pack.is_sample
    found = {}
    for table in metadata["tables"]:
        columns = table["tableSchema"]["columns"]
        with (folder / table["url"]).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == [c["titles"] for c in columns]
        name = table["url"].removesuffix(".csv")
        for row in rows[1:]:
            values = {c["name"]: None if v == c.get("null") else READ[c["datatype"]](v)
                      for c, v in zip(columns, row, strict=True)}  # fmt: skip
            for column in [c["name"] for c in columns if c["datatype"] == "decimal"]:
                cell = (values["row_label"], values[column], values[f"{column}_marker"])
                found[name, values["row_no"], column] = cell
    con = connect(made.home)
    cells = as_dicts(con.execute("select * from reports.cells where edition = ?", [made.edition.edition]))
    con.close()
    expected = {
        (c["table_name"], c["row_no"], c["column_name"]): (escape_formula(c["row_label"]), c["value"], c["marker"])
        for c in cells
    }
    missing = {k: v for k, v in found.items() if k not in expected}
    assert {k: v for k, v in found.items() if k in expected} == expected
    assert all(v[1:] == (None, "[x]") for v in missing.values())
    assert {p.name for p in folder.iterdir()} == {t["url"] for t in metadata["tables"]} | {"csv-metadata.json"}
    assert len(metadata["tables"]) == len(made.pack.tables) + 1


def test_no_text_is_a_formula(other: Made) -> None:
    labels = [r[1] for r in csv.reader((other.folder / "csv" / "unset.csv").open(encoding="utf-8", newline=""))]
    assert labels[1] == f"'{FORMULA}" and labels[2] == "'-"
    for path in (other.folder / "csv").glob("*.csv"):
        for row in csv.reader(path.open(encoding="utf-8", newline="")):
            assert not [v for v in row if v.startswith(("=", "+", "@", "\t"))], path.name
