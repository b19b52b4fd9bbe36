"""The worked example of docs/how-to/map-an-export.md, run as the page prints it."""

import re
from pathlib import Path

from dagster_project.cli.generate_docs import DOCS
from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.landing import find_files, land_files
from dagster_project.landing.mappings.mappings import read_mappings

PAGE = (DOCS / "how-to" / "map-an-export.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S)[1]


def land(home: Home, night: str, name: str, text: str):
    (home.inbox / name).write_text(text, encoding="utf-8")
    files = find_files(home.inbox, load_contracts(), force_names())
    return land_files(home, load_contracts(), files, night, archive=True)[0]


def test_the_worked_example(new_home: Home) -> None:
    import duckdb

    name = re.search(r"`(incidents__\S+\.csv)`", PAGE)[1]
    refused = land(new_home, "n1", name, block("csv"))
    assert refused.outcome == "refused" and "names none of the contract's columns" in refused.reason
    mapping = re.search(r"as `mappings/([\w-]+\.yml)`", PAGE)[1]
    (new_home.mappings / mapping).write_text(block("yaml"), encoding="utf-8")
    entry = land(new_home, "n2", name, block("csv"))
    assert entry.outcome == "accepted", entry.reason
    head, *printed_rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.search(r"Three rows land:\n\n(.*?)\n\n", PAGE, re.S)[1].splitlines()
        if "---" not in line
    ]
    stored = Path(new_home.raw, "incidents", "derbyshire", f"{entry.load_id}.parquet")
    quarantined = new_home.quarantine / "incidents" / "derbyshire" / stored.name
    rows = duckdb.connect().execute(f"select {', '.join(head)} from '{stored}' order by cast(_line as int)").fetchall()
    assert [[cell or "" for cell in row] for row in rows] == printed_rows
    (line, reasons) = duckdb.connect().execute(f"select _line, _reasons from '{quarantined}'").fetchone()
    assert f"line {line}: {reasons}\n" == block("text")


def test_the_example_of_a_mistake_gives_the_printed_message(new_home: Home) -> None:
    message = re.search(r"^    (mappings/control-room\.yml: .*)$", PAGE, re.M)[1]
    text = block("yaml").replace("IN: INCIDENT", "IN: INCDENT")
    (new_home.mappings / "control-room.yml").write_text(text, encoding="utf-8")
    mappings = read_mappings(new_home, load_contracts(), force_names())
    assert [str(p) for p in mappings.problems] == [message]
