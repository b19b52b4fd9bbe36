"""The CSVs, read by their metadata, equal reports.cells. No text in them is a formula."""

import csv
import json
from decimal import Decimal

from support import as_dicts

from dagster_project.core.cell_text import escape_formula
from dagster_project.serving import connect

from .conftest import FORMULA, WrittenPack

READERS = {"integer": int, "decimal": Decimal, "string": str}


def test_csvs_read_by_their_metadata_equal_the_cells(either_pack: WrittenPack) -> None:
    folder = either_pack.folder / "csv"
    metadata = json.loads((folder / "csv-metadata.json").read_text(encoding="utf-8"))
    assert metadata["@context"][0] == "http://www.w3.org/ns/csvw"
    assert ("Sample data" in metadata["dc:description"]) == either_pack.pack.is_made_up
    cells_read = {}
    for table in metadata["tables"]:
        columns = table["tableSchema"]["columns"]
        with (folder / table["url"]).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == [c["titles"] for c in columns]
        name = table["url"].removesuffix(".csv")
        for row in rows[1:]:
            values = {c["name"]: None if v == c.get("null") else READERS[c["datatype"]](v)
                      for c, v in zip(columns, row, strict=True)}  # fmt: skip
            for column in [c["name"] for c in columns if c["datatype"] == "decimal"]:
                cell = (values["row_label"], values[column], values[f"{column}_marker"])
                cells_read[name, values["row_no"], column] = cell
    con = connect(either_pack.home)
    cells = as_dicts(con.execute("select * from reports.cells where edition = ?", [either_pack.edition.edition]))
    con.close()
    expected = {
        (c["table_name"], c["row_no"], c["column_name"]): (escape_formula(c["row_label"]), c["value"], c["marker"])
        for c in cells
    }
    not_in_the_night = {k: v for k, v in cells_read.items() if k not in expected}
    assert {k: v for k, v in cells_read.items() if k in expected} == expected
    assert all(v[1:] == (None, "[x]") for v in not_in_the_night.values())
    assert {p.name for p in folder.iterdir()} == {t["url"] for t in metadata["tables"]} | {"csv-metadata.json"}
    assert len(metadata["tables"]) == len(either_pack.pack.tables) + 1


def test_no_text_is_a_formula(other_pack: WrittenPack) -> None:
    labels = [r[1] for r in csv.reader((other_pack.folder / "csv" / "unset.csv").open(encoding="utf-8", newline=""))]
    assert labels[1] == f"'{FORMULA}" and labels[2] == "'-"
    for path in (other_pack.folder / "csv").glob("*.csv"):
        for row in csv.reader(path.open(encoding="utf-8", newline="")):
            assert not [v for v in row if v.startswith(("=", "+", "@", "\t"))], path.name
