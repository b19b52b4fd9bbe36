"""`pam inspect` of exports with the force's own file names, and the mapping's rules shown on ten rows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support import land_night, write_extract

from dagster_project.core.home import Home

CAD = """
extract: incidents
forces: [kent]
files: [{name: "Logs {month:%b %Y}.csv"}]
table: {ignore: {incident_ref: "TOTAL*"}}
headers: {incident_ref: No, record_type: Type, created_at: {join: [Day, Time]}, qualifiers: {list: [Q1, Q2]}, grade: G}
values: {record_type: {I: INCIDENT}, grade: {1: Emergency, "*": Scheduled}, qualifiers: {"Drug*": Drugs}}
constants: {channel: Telephone}
optional: [grade]
"""


@pytest.fixture
def export(new_home: Home, tmp_path: Path) -> Path:
    (new_home.mappings / "cad.yml").write_text(CAD, encoding="utf-8")
    path = tmp_path / "Logs Oct 2025.csv"
    rows = [f"K{n},I,{n + 1:02}/10/2025,10:00,Drug deal,Alc,{n % 3}" for n in range(12)]
    path.write_text("\n".join(["Our logs", "", "No,Type,Day,Time,Q1,Q2,G", *rows, "TOTAL,12,,,,,", ""]), encoding="utf-8")
    return path


def test_each_rule_is_shown_on_ten_rows(pam: Callable, new_home: Home, export: Path) -> None:
    result = pam("inspect", export, "--home", new_home.path)
    assert result.exit_code == 0, result.stdout
    output = " ".join(result.stdout.split())
    assert "incidents of kent, 2025-10-01 to 2025-10-31" in output and "1 more is no record and is left out" in output
    assert "Rule created_at: Day + Time, joined with ' ' line 4: 01/10/2025 10:00 -> 2025-10-01 10:00:00" in output
    assert "line 13: 10/10/2025 10:00 -> 2025-10-10 10:00:00" in output and "14: 11/10/2025" not in output
    assert "Rule qualifiers: Q1 + Q2, as a list; 1 code line 4: Drug deal;Alc -> Drugs;Alc" in output
    assert "Rule grade: from G; 2 codes line 4: 0 -> Scheduled line 5: 1 -> Emergency" in output
    assert "Rule channel: every row has Telephone" in output
    assert "Rule incident_ref: rows that are not records line 16: TOTAL -> (blank)" in output


def test_a_file_with_an_unknown_name_is_read_by_its_options(pam: Callable, new_home: Home, export: Path) -> None:
    renamed = export.rename(export.with_name("export of today.dat"))
    result = pam("inspect", renamed, "--home", new_home.path)
    assert result.exit_code == 1 and "--extract EXTRACT --force FORCE" in result.stdout
    options = ("--extract", "incidents", "--force", "kent")
    result = pam("inspect", renamed, *options, "--home", new_home.path)
    assert result.exit_code == 0 and "incidents__kent__2025-10-01__2025-10-12__" in result.stdout
    assert "Z.csv would do" in " ".join(result.stdout.split())
    window = ("--from", "2025-10-01", "--to", "2025-10-31")
    result = pam("inspect", renamed, *options, *window, "--home", new_home.path)
    assert "incidents__kent__2025-10-01__2025-10-31__" in result.stdout
    result = pam("inspect", renamed, *options, "--from", "2025-09-01", "--home", new_home.path)
    assert "incidents__kent__2025-09-01__2025-10-12__" in result.stdout


def test_a_changed_copy_of_a_landed_file_is_refused_without_a_traceback(pam: Callable, new_home: Home) -> None:
    columns = ["administration_ref", "administered_at", "lpu"]
    path = write_extract(new_home.inbox, "naloxone", [["N1", "2025-05-01 10:00", ""]], columns=columns)
    text, name = path.read_text(), path.name
    land_night(new_home)
    copy = new_home.path.parent / name
    copy.write_text(text + "N2,2025-05-02 10:00,\n")
    result = pam("inspect", copy, "--home", new_home.path)
    assert result.exit_code == 1 and "2 in the file: none would land" in result.stdout
    assert "two files claim to be one extraction" in " ".join(result.stdout.split())


def test_identifiers_are_hidden_in_the_rows_of_each_rule(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    (new_home.mappings / "custody.yml").write_text(
        "extract: drug_tests\ntable: {ignore: {custody_ref: 'TOTAL*'}}\nheaders: {custody_ref: Ref, test_status: Ended}\n"
        "dates: {arrested_at: ['%d.%m.%Y']}\n", encoding="utf-8",
    )  # fmt: skip
    rows = [["TOTAL 1", "", "", ""], ["PERSON-1", "01.05.2025", "Theft", "Refused"], ["PERSON-2", "01.05.2025"]]
    path = write_extract(tmp_path, "drug_tests", rows, columns=["Ref", "arrested_at", "trigger_offence", "Ended"])
    output = " ".join(pam("inspect", path, "--home", new_home.path).stdout.split())
    assert "Rule custody_ref: from Ref line 3: (hashed) -> (hashed) Rule arrested_at:" in output
    assert "Rule arrested_at: dates as %d.%m.%Y line 3: 01.05.2025 -> 2025-05-01 00:00:00 Rule test_status:" in output
    assert "Rule test_status: from Ended line 3: Refused -> Refused" in output
    assert "PERSON" not in output and "TOTAL" not in output


def test_a_column_that_is_not_stored_is_not_shown_in_the_rows_that_it_leaves_out(
    pam: Callable, new_home: Home, tmp_path: Path
) -> None:
    mapping = "extract: naloxone\ntable: {ignore: {administration_ref: TOTAL*, Record Status: Cancelled*}}\n"
    (new_home.mappings / "health.yml").write_text(mapping, encoding="utf-8")
    rows = [["N1", "2025-05-01", "Cancelled by Jane Roe"], ["N2", "2025-05-01", "Jane Roe"], ["TOTAL", "", ""]]
    path = write_extract(tmp_path, "naloxone", rows, columns=["administration_ref", "administered_at", "record_status"])
    output = " ".join(pam("inspect", path, "--home", new_home.path).stdout.split())
    assert "Rule administration_ref: rows that are not records line 4: TOTAL -> (blank)" in output
    assert "Rule Record Status: rows that are not records line 2: (not shown) -> (blank)" in output
    assert "2 more are no records and are left out" in output and "Roe" not in output
