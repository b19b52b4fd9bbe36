"""Drafted mappings compared with those that a person would write, for exports of different made-up systems."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from landing.workbook import workbook
from support import land_night

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.landing.inbox.file_names import name_problem
from dagster_project.landing.mappings.mappings import read_mappings
from dagster_project.mapping_draft.columns import Drafted, label_of
from dagster_project.mapping_draft.draft import Draft, draft_mapping
from dagster_project.mapping_draft.draft import _force as force_of
from dagster_project.mapping_draft.show import by_year
from dagster_project.mapping_draft.tables import DraftError
from dagster_project.mapping_draft.try_mapping import HIDDEN, YearFigure, _as_described, _hidden_columns, _years, preview
from dagster_project.mapping_draft.write_yaml import mapping_yaml
from dagster_project.nights.accept_vocabulary import accept_value

from .systems import AREAS, SYSTEMS, System, join, text, write


@pytest.fixture
def home(tmp_path: Path) -> Home:
    new_home = Home(tmp_path / "home").create()
    new_home.seeds.mkdir(exist_ok=True)
    (new_home.seeds / "areas.csv").write_text(AREAS, encoding="utf-8")
    return new_home


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def column_of(draft: Draft, name: str) -> Drafted:
    return next(d for d in draft.columns if d.column.name == name)


def drafted(con: duckdb.DuckDBPyConnection, home: Home, path: Path, **options: Any) -> tuple[Draft, str, dict[str, Any]]:
    """A draft, its YAML text, and the mapping that the YAML holds."""
    draft = draft_mapping(con, home, path, **options)
    draft_yaml = mapping_yaml(draft)
    return draft, draft_yaml, yaml.safe_load(draft_yaml)


def assert_loads(home: Home, draft_yaml: str) -> None:
    """Assert that the YAML is a valid mapping in the home."""
    (home.mappings / "draft.yml").write_text(draft_yaml, encoding="utf-8")
    mappings = read_mappings(home, load_contracts(), force_names())
    assert [str(p) for p in mappings.problems] == [] and len(mappings.valid) == 1


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.name)
def test_a_draft_of_each_system(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, system: System) -> None:
    """Columns are right or have a check. No code is guessed, and each is listed with its number of rows. Every record lands."""
    path = write(system, tmp_path / "export")
    draft, draft_yaml, mapping = drafted(con, home, path)
    assert mapping["extract"] == system.extract and mapping["forces"] == ["kent"]
    wrong = {c for c in {*system.right, *mapping["headers"]} if mapping["headers"].get(c) != system.right.get(c)}
    assert len(wrong) <= len(system.right) / 10, wrong
    assert all(column_of(draft, c).checks for c in wrong)
    assert draft.table.header_row == system.header_row and mapping.get("dates", {}) == system.dates
    assert mapping.get("separators", {}) == system.separators
    assert mapping["files"][0]["name"] == system.rule
    assert_loads(home, draft_yaml)

    for name, codes in system.undecided.items():
        assert {c.code for c in draft.codes[name] if c.target is None} >= codes
        assert not codes & mapping.get("values", {}).get(name, {}).keys()
        for code in codes:
            rows = next(c.rows for c in draft.codes[name] if c.code == code)
            lines = [n for n in draft_yaml.splitlines() if n.strip().startswith(f"# {code}:") and f"# ? {rows:,} rows" in n]
            assert lines
    for name, meanings in system.decided.items():
        assert {k: v for k, v in mapping["values"][name].items() if k in meanings} == meanings
    for d in draft.columns:
        if d.column.type == "choice" and d.source:
            assert {c.code for c in draft.codes[d.column.name]} == {code for code, _ in d.source.profile.codes}
            assert {c.target for c in draft.codes[d.column.name]} <= {None, *d.column.values}

    result = preview(con, home, draft, draft_yaml, with_figures=False)
    assert result.entry.outcome in ("accepted", "held"), result.entry.reason
    unplaced = 1 if system.name == "court ledger" else 0
    assert result.entry.rows_in_file == draft.rows + unplaced
    reasons = {k for k in result.entry.quarantine_reasons or {} if k != "wrong number of fields"}
    assert reasons == {f"{name}: is not one of its values" for name in system.undecided if column_of(draft, name).column.values}
    assert len(result.before) == len(result.after) == len(result.lines) == 10


def test_a_list_is_of_the_day_of_its_export_if_that_is_after_its_last_row(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "county lines of kent.csv"
    path.write_text(text([["Line Ref", "Date Identified"], *([f"A{n}", f"2025-0{n}-01"] for n in range(1, 10))]))
    for exported, last in ((date(2026, 1, 20), date(2026, 1, 20)), (date(2025, 3, 1), date(2025, 9, 30))):
        noon = datetime.combine(exported, time(12)).timestamp()
        os.utime(path, (noon, noon))
        draft, *_ = drafted(con, home, path, force="kent", extract="county_lines")
        assert _as_described(draft).covered_to == last


def test_preview_of_a_parquet_file_equals_its_rows(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "crimes of kent.parquet"
    con.execute(
        f"""
        copy (
            select 'C' || i as "Crime No", date '2025-03-01' + i::int as "Date Recorded", '92D/1' as "Offence Code",
                if(i % 2 = 0, 'Recorded', 'Cancelled') as "Crime Status"
            from range(30) as t(i)
        ) to '{path}'
        """
    )
    draft, draft_yaml, mapping = drafted(con, home, path, extract="crimes")
    assert (mapping["headers"]["crime_ref"], mapping["headers"]["recorded_on"]) == ("Crime No", "Date Recorded")
    result = preview(con, home, draft, draft_yaml, with_figures=False)
    assert result.entry.rows_landed == draft.rows == 30
    shown = [row and (row["crime_ref"], row["recorded_on"]) for row in result.after]
    assert shown == [(row["crime_ref"], row["recorded_on"]) for row in result.before] and len(shown) == 10
    assert len({b - a for a, b in pairwise(result.lines)}) == 1 and result.lines[-1] - result.lines[0] == 27, "of all the file"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DraftError, match="not a sound Parquet file"):
        draft_mapping(con, home, path)


def test_no_personal_identifier_is_shown(pam: Callable, con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    system = next(s for s in SYSTEMS if s.extract == "drug_tests")
    path = write(system, tmp_path / "export")
    draft, draft_yaml, _ = drafted(con, home, path, extract=system.extract)
    result = preview(con, home, draft, draft_yaml, with_figures=False)
    assert {row["custody_ref"] for row in result.before} == {HIDDEN}
    assert {row["custody_ref"] for row in result.after if row} == {HIDDEN}
    shown = draft_yaml + str(result.before) + str(result.after) + str(result.problems)
    assert "CU/" not in shown and "Madeup" not in shown and "Nonesuch" not in shown


def test_one_column_of_codes_for_four_columns(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    rows = [[f"C{n}", "01/10/2025 10:00", "Theft", ("COC", "OPI", "BOTH", "NEG", "REF")[n % 5]] for n in range(50)]
    path = tmp_path / "tests on arrest.csv"
    path.write_text(text([["Custody No", "Arrest Date", "Arrest Reason", "Test Result"], *rows]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent", extract="drug_tests")
    names = ("test_status", "cocaine", "opiates", "result")
    assert {mapping["headers"][n] for n in names} == {"Test Result"} and all(column_of(draft, n).checks for n in names)
    assert "values" not in mapping
    assert_loads(home, draft_yaml)


@pytest.mark.parametrize(
    ("days", "formats", "has_check"),
    [
        (["01/02/2025", "05/06/2025"], None, True),
        (["01/02/2025", "25/06/2025"], None, False),
        (["01/02/2025", "06/25/2025"], "%m/%d/%Y", False),
        (["01.02.2025", "25.06.2025"], "%d.%m.%Y", False),
        (["20250201", "20250625"], "%Y%m%d", False),
        (["1 Feb 2025", "25 June 2025"], ["%d %b %Y", "%d %B %Y"], False),
        (["2025-02-01", "2025-06-25"], None, False),
    ],
)
def test_dates(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, days: list[str], formats: object, has_check: bool
) -> None:
    path = tmp_path / "crimes.csv"
    rows = [[f"C{n}", days[n % 2], "92D", "Recorded"] for n in range(40)]
    path.write_text(text([["Crime No", "Date Recorded", "HO Code", "Status"], *rows]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent", extract="crimes")
    assert mapping.get("dates", {}).get("recorded_on") == formats
    assert bool(column_of(draft, "recorded_on").checks) == has_check
    assert_loads(home, draft_yaml)


@pytest.mark.parametrize(
    ("headers", "chosen", "check"),
    [
        (["Victim District"], "Victim District", "may be where a person lives or works"),
        (["Officer Station"], None, ""),
        (["OIC Station"], "OIC Station", "or who deals with it"),
        (["Allocated Unit"], None, ""),
        (["Investigating LPU", "Beat"], "Beat", ""),
        (["Home Beat", "Location"], "Location", ""),
        (["Suspects Home Area", "Offence LPA"], "Offence LPA", ""),
        (["Policing Area"], "Policing Area", ""),
        (["Area of Offence"], "Area of Offence", ""),
    ],
)
def test_area_where_a_person_lives_is_not_taken_for_the_place(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, headers: list[str], chosen: str | None, check: str
) -> None:
    path = tmp_path / "crimes.csv"
    units = ["Northgate", "Southmoor", "Eastbrook"]
    rows = [[f"C{n}", "25/10/2025", "92D", "Recorded", *(units[(n + m) % 3] for m in range(len(headers)))] for n in range(40)]
    path.write_text(text([["Crime No", "Date Recorded", "HO Code", "Status", *headers], *rows]), encoding="utf-8")
    draft, _, mapping = drafted(con, home, path, force="kent", extract="crimes")
    assert mapping["headers"].get("lpu") == chosen
    checks = column_of(draft, "lpu").checks
    assert any(check in c for c in checks) if check else checks == []


def test_values_that_fit_three_columns_decide_none_of_them(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "tests on arrest.csv"
    head = ["Custody No", "Arrest Date", "Arrest Reason", "Test Status", "Initial Result", "Confirmed Result"]
    results = ["Positive", "Negative"]
    rows = [[f"C{n}", "25/10/2025 10:00", "Theft", "Completed", results[n % 2], results[n // 2 % 2]] for n in range(50)]
    path.write_text(text([head, *rows]), encoding="utf-8")
    draft, _, _ = drafted(con, home, path, force="kent", extract="drug_tests")
    for name in ("cocaine", "opiates", "result"):
        assert column_of(draft, name).source is None or column_of(draft, name).checks


def test_a_header_in_two_rows(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "incidents.csv"
    head = [["Log", "", "Opened", "", "Closed", "", ""], ["No", "Log Type", "Date", "Time", "Date", "Time", "Flags"]]
    rows = [[f"L{n}", "ROC", "25/10/2025", "10:15", "26/10/2025", "11:00", "Drugs"] for n in range(30)]
    path.write_text(text([*head, *rows]), encoding="utf-8")
    _, draft_yaml, mapping = drafted(con, home, path, force="kent", extract="incidents")
    assert mapping["table"] == {"header_row": 2} and mapping["headers"]["created_at"] == join("Opened Date", "Opened Time")
    assert_loads(home, draft_yaml)


def test_names_below_merged_cells_of_a_two_row_header(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """`Arrest` over `Date` and `Time`, and `Offence` over a blank: the second row alone was taken for cash seizures."""
    path = tmp_path / "DToA.csv"
    head = [["Custody Record", "Arrest", "", "Offence", "Drug Test", ""], ["No", "Date", "Time", "", "Status", "Result"]]
    rows = [[f"KL/{n}", f"{n:02}/03/2025", "10:15", "Theft", "Completed", "Negative"] for n in range(1, 31)]
    path.write_text(text([["Tests on arrest"], [], *head, *rows]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent")
    assert mapping["extract"] == "drug_tests" and mapping["table"] == {"header_row": 4}
    assert mapping["headers"] == {
        "custody_ref": "Custody Record No", "arrested_at": join("Arrest Date", "Arrest Time"), "trigger_offence": "Offence",
        "test_status": "Drug Test Status", "result": "Drug Test Result",
    }  # fmt: skip
    assert preview(con, home, draft, draft_yaml, with_figures=False).entry.rows_landed == 30


def test_a_second_header_row_that_has_names_only_below_merged_cells(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """The first row alone was the header: times and second qualifiers were lost, so that all drugs of this file were none."""
    path = tmp_path / "Incidents.csv"
    head = [
        ["Incident Number", "Record Type", "Opened", "", "Qualifiers", "", "Grade"],
        ["", "", "Date", "Time", "First", "Second", ""],
    ]
    rows = [[f"26/{n}", "Incident", "25/10/2025", "10:15", "ASB", "Drugs", "Priority"] for n in range(1000, 1030)]
    for titles in ([], [["Incident log"]]):
        path.write_text(text([*titles, *head, *rows]), encoding="utf-8")
        draft, draft_yaml, mapping = drafted(con, home, path, force="kent")
        assert mapping["table"] == {"header_row": len(titles) + 2}
        assert mapping["headers"]["created_at"] == join("Opened Date", "Opened Time")
        assert mapping["headers"]["qualifiers"] == {"list": ["Qualifiers First", "Qualifiers Second"]}
        assert preview(con, home, draft, draft_yaml, with_figures=False).entry.rows_landed == 30


def test_a_name_above_a_blank_cell_is_over_no_other_column(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """`LPU` beside a column without a name was twice there, so that none could use it."""
    path = tmp_path / "Naloxone.csv"
    head = [["Naloxone", "Administered", "", "LPU", "", ""], ["Ref", "Date", "Time", "", "", "Comment"]]
    rows = [[f"N{n}", f"{n:02}/03/2025", "10:15", "Ashford", "", "seen"] for n in range(1, 31)]
    path.write_text(text([*head, *rows]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent")
    assert column_of(draft, "lpu").source.headers == ("LPU",) and not [c for c in draft.checks if "twice" in c]
    assert mapping["headers"]["administration_ref"] == "Naloxone Ref"
    assert preview(con, home, draft, draft_yaml, with_figures=False).entry.headers["lpu"] == "LPU"


def test_a_urn_that_a_record_repeats_is_its_reference(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """No column of the contract was found for it, so the total below could not be left out either."""
    path = tmp_path / "STORM incidents.csv"
    rows = [[f"NC-01122024-{n}", "Incident", f"{n:02}/12/2024 10:15", "Drugs"] for n in range(1, 31)]
    all_rows = [["URN", "Type", "Date Created", "Qualifiers"], *rows, rows[3], ["Total: 31", "", "", ""]]
    path.write_text(text(all_rows), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent")
    assert mapping["headers"]["incident_ref"] == "URN" and mapping["table"]["ignore"] == {"incident_ref": ["Total:*"]}
    assert column_of(draft, "incident_ref").checks == ["recognised by its cells alone", "repeats a reference in 1 row"]
    assert preview(con, home, draft, draft_yaml, with_figures=False).entry.rows_landed == 30


def test_other_sheets_with_the_same_columns_are_to_be_checked(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """Active lines on one sheet, closed ones on another: the mapping names one, so no night says that the other is not read."""
    path = tmp_path / "Tracker.xlsx"
    head = ["Line ref", "Identified on", "Closed on"]
    active = [[f"L{n}", date(2025, 1, 1 + n), None] for n in range(9)]
    closed = [[f"L{n}", date(2025, 1, n), date(2025, 5, n)] for n in range(10, 15)]
    path.write_bytes(workbook([["Tracker"], [], head, *active], [head, *closed], [["Notes"], ["Line ref"]]))
    draft, _, mapping = drafted(con, home, path, force="kent")
    assert mapping["table"] == {"sheet": "S1", "header_row": 3}
    (check,) = (c for c in draft.checks if c.startswith("table.sheet"))
    assert check.startswith("table.sheet: 'S2' has the same columns, and only 'S1' is read: ")


def test_a_required_column_that_a_system_does_not_have(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """The draft said that the files are refused without it: such a system could send no searches at all."""
    path = tmp_path / "Searches 2025.csv"
    rows = [[f"S{n}", f"{n:02}/01/2025 10:00", "Controlled drugs"] for n in range(1, 9)]
    path.write_text(text([["Search Ref", "Searched At", "Object of Search"], *rows]), encoding="utf-8")
    draft, draft_yaml, _ = drafted(con, home, path, force="kent", extract="stop_search")
    (point,) = (p for p in draft.open_points if p.startswith("headers.object_found"))
    assert "if the system has none, list it under optional" in point
    entry = preview(con, home, draft, draft_yaml + "optional: [object_found]\n", with_figures=False).entry
    assert (entry.outcome, entry.rows_landed) == ("accepted", 8)


def test_a_total_of_several_amounts_is_no_record(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """It fills most cells of its row, so it was drafted as a record, and was in quarantine every month."""
    path = tmp_path / "POCA orders.csv"
    head = ["Order Ref", "Date of Order", "Offence Category", "Order Value", "Benefit Value", "Compensation Value"]
    orders = [[f"P{n}", f"{n:02}/01/2025", "Fraud", f"{n}00", f"{n}50", "0"] for n in range(1, 6)]
    path.write_text(text([head, *orders, ["Total", "", "", "1500", "1750", "0"]]), encoding="utf-8")
    draft, _, mapping = drafted(con, home, path, force="kent")
    assert mapping["table"]["ignore"] == {"order_ref": ["Total*"]} and draft.rows == 5


def test_a_download_of_indicators_needs_a_name_and_no_mapping(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """The night said to draft a mapping, and `pam map` that the headers fit no extract."""
    head = ["Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Category", "Time period", "Value"]
    row = ["92432", "Deaths from drug misuse", "E10000020", "Norfolk", "County", "Persons", "", "2021 - 23", "5.1"]
    for ending, data in ((".csv", text([head, row]).encode()), (".xlsx", workbook([head, row]))):
        path = tmp_path / f"indicators.data{ending}"
        path.write_bytes(data)
        with pytest.raises(DraftError, match=r"those of public_health, which needs no mapping: .* such as \S+$") as refused:
            draft_mapping(con, home, path, force="norfolk")
        name = str(refused.value).split()[-1]
        assert name.endswith(ending) and name_problem(name, load_contracts(), force_names()) is None


def test_files_that_cannot_be_drafted(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "rota.csv"
    path.write_text("Rota,Shift\nA,Early\n", encoding="utf-8")
    with pytest.raises(DraftError, match="fit no extract: name it with --extract"):
        draft_mapping(con, home, path)
    path.write_text("Crime No,Date Recorded\n", encoding="utf-8")
    with pytest.raises(DraftError, match=r"rota\.csv: the table has a header and no rows"):
        draft_mapping(con, home, path, "crimes")
    with pytest.raises(DraftError, match="no contract is called 'crime'"):
        draft_mapping(con, home, path, "crime")
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(DraftError, match=r"save it as Excel Workbook \(\.xlsx\)"):
        draft_mapping(con, home, old)
    # Each ended `pam map` with an error of Python.
    damaged = tmp_path / "damaged.xlsx"
    for content, error in ((b"%PDF-1.4", "the file is a PDF"), (b"PK\x03\x04", "not a sound Excel file")):
        damaged.write_bytes(content)
        with pytest.raises(DraftError, match=rf"damaged\.xlsx: .*{error}"):
            draft_mapping(con, home, damaged)


def test_the_sheet_is_named_where_the_first_one_is_blank(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """A chart, or a sheet that was never filled: the drafted mapping read it, and the file was refused."""
    path = tmp_path / "Crime book.xlsx"
    rows = [[f"C{n}", date(2025, 1, 1 + n), "92D", "Recorded"] for n in range(9)]
    path.write_bytes(workbook([], [["Crime ref", "Recorded on", "Offence code", "Status"], *rows], []))
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent")
    assert mapping["table"] == {"sheet": "S2"}
    assert preview(con, home, draft, draft_yaml, with_figures=False).entry.rows_landed == 9


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param("kit log", 90, marks=pytest.mark.long), ("order register", 60), ("intelligence desk", 400),
        ("search slips", 400),
    ],
)  # fmt: skip
def test_export_lands_under_its_own_name_with_the_draft_unchanged(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, name: str, rows: int
) -> None:
    system = next(s for s in SYSTEMS if s.name == name)
    path = write(system, tmp_path / "export")
    _, draft_yaml, _ = drafted(con, home, path, extract=system.extract)
    (home.mappings / "draft.yml").write_text(draft_yaml, encoding="utf-8")
    path.rename(home.inbox / path.name)
    (entry,) = land_night(home)
    assert (entry.extract, entry.force_code) == (system.extract, "kent")
    if name == "search slips":
        # A third of the searches have a code that a person must decide: the file is held until its meaning is written.
        assert (entry.outcome, entry.held_for) == ("held", "vocabulary") and "1 value" in entry.reason
        assert "take off this #, too" in draft_yaml
        draft_yaml, n = re.subn(r"# (DRG|object_of_search):(?=  # (?:\? |with a code))", r"\1: ", draft_yaml)
        draft_yaml = re.sub(r"DRG:.*", "DRG: Controlled drugs", draft_yaml)
        (home.mappings / "draft.yml").write_text(draft_yaml, encoding="utf-8")
        newer = path.name.replace("0415", "0515")
        write(system, tmp_path / "export").rename(home.inbox / newer)
        (entry,) = land_night(home)
        assert n == 2
    assert entry.outcome == "accepted" and entry.rows_in_file == rows, entry.reason
    # Rows with an undecided source are quarantined; all others land.
    reasons = ["source: is not one of its values"] if name == "intelligence desk" else []
    assert list(entry.quarantine_reasons) == reasons


def test_row_with_one_cell_is_not_shown_and_not_ignored_without_a_decision(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "crimes.csv"
    rows = [[f"C{n}", "25/10/2025", "92D", "Recorded"] for n in range(40)]
    rows += [["Ava Nonesuch"], ["Total", "40"]]
    path.write_text(text([["Crime No", "Date Recorded", "HO Code", "Status"], *rows]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, force="kent", extract="crimes")
    assert mapping["table"]["ignore"] == {"crime_ref": ["Total*"]} and draft.rows == 40
    assert "Nonesuch" not in draft_yaml and "# decide: table.ignore: line 42: not a record" in draft_yaml


CRIMES = ["Crime No", "Date Recorded", "HO Code", "Outcome Status"]


def crimes(path: Path, codes: list[str], head: list[str] = CRIMES) -> Path:
    # `Charged` is no status of a crime: the cells do not identify the column.
    states = ("Recorded" if head[3] == "Status" else "Charged", "Cancelled")
    rows = [[f"C{n}", "25/10/2025", codes[n % len(codes)], states[n % 2]] for n in range(64)]
    path.write_text(text([head, *rows]), encoding="utf-8")
    return path


def test_draft_knows_the_codes_that_landing_knows(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """92D is listed, and so is each code of its group. 105/1 looks like a code, and is known only once the home lists it."""
    path = crimes(tmp_path / "crimes.csv", ["105/1", "8/6", "92D/1", "28A"], [*CRIMES[:3], "Status"])
    _, draft_yaml, _ = drafted(con, home, path, force="kent", extract="crimes")
    assert "# known as they are: 28A (16 rows), 92D/1 (16 rows)\n" in draft_yaml
    assert "    # 105/1:  # ? 16 rows\n    # 8/6:  # ? 16 rows\n" in draft_yaml
    assert "# pam vocabulary accept crimes offence_code CODE --counts-as possession|trafficking|nothing\n" in draft_yaml
    (home.mappings / "draft.yml").write_text(draft_yaml, encoding="utf-8")
    path.rename(home.inbox / path.name)
    (entry,) = land_night(home)
    assert set(entry.unknown_values["offence_code"]) == {"105/1", "8/6"}, "as the draft says"
    accept_value(home, "crimes", "offence_code", ["105/1"], "nothing", by="")
    path = crimes(tmp_path / "crimes.csv", ["105/1", "8/6"], [*CRIMES[:3], "Status"])
    _, draft_yaml, _ = drafted(con, home, path, force="kent", extract="crimes")
    assert "# known as they are: 105/1 (32 rows)\n" in draft_yaml and "# 8/6:  # ? 32 rows\n" in draft_yaml


def test_likely_header_of_a_required_column_is_suggested_and_no_constant(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """With a constant `Recorded`, cancelled crimes would count."""
    draft, draft_yaml, mapping = drafted(con, home, crimes(tmp_path / "crimes.csv", ["92D/1"]), force="kent", extract="crimes")
    assert "\n  # status: Outcome Status  # ?\n" in draft_yaml and "status" not in mapping["headers"]
    assert "perhaps 'Outcome Status' is" in " ".join(draft.open_points) and "constants" not in draft_yaml
    assert_loads(home, draft_yaml)
    result = preview(con, home, draft, draft_yaml, with_figures=False)
    assert "perhaps status is 'Outcome Status' there" in result.entry.reason, "as the draft says"
    assert_loads(home, draft_yaml.replace("  # status: Outcome Status  # ?", "  status: Outcome Status"))
    # No header is similar: then a constant may be right.
    path = crimes(tmp_path / "crimes.csv", ["92D/1"], [*CRIMES[:3], "Officer"])
    _, draft_yaml, _ = drafted(con, home, path, force="kent", extract="crimes")
    assert "set it under constants" in draft_yaml and "# status" not in draft_yaml


def test_a_known_header_whose_cells_do_not_all_fit_is_named(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """A list kept by hand has `ongoing` and `n/a` where a line is not closed: the column was left out without a word, so that
    no line was ever closed. Totals of quarters are no records."""
    closed = ["ongoing", "-", "n/a", "TBC", "03/09/2025", "04/09/2025"] * 2
    rows = [[f"L{n:02}", f"{n + 10}/08/2025", day] for n, day in enumerate(closed)]
    path = tmp_path / "Lines.csv"
    path.write_text(text([["Line ID", "Date opened", "Date closed"], *rows[:6], ["Quarter total", "", ""], *rows[6:]]))
    draft, draft_yaml, mapping = drafted(con, home, path, extract="county_lines", force="kent")
    assert draft.unfit == {"closed_on": "Date closed"} and "  # closed_on: Date closed  # ?" in draft_yaml
    assert any(p.startswith("headers.closed_on: 'Date closed' has its name, but not all of") for p in draft.open_points)
    assert mapping["table"]["ignore"] == {"line_ref": ["Quarter total*"]} and draft.rows == 12
    assert "# not stored: Date closed\n" in draft_yaml and "# not in the file: closed_on" not in draft_yaml
    assert_loads(home, draft_yaml)


@pytest.mark.parametrize(
    ("cell", "has"),
    [
        ("{number}.5", "a spreadsheet's numbers of days: show the column as dd/mm/yyyy, save again and draft anew"),
        ("{day:02}-Mar", "days without their year: show the column as dd/mm/yyyy, save again and draft anew"),
        ("{day}/3", "days without their year: show the column as dd/mm/yyyy, save again and draft anew"),
        ("Yes", "no date in any cell: have the system export the day"),
    ],
)
def test_a_column_of_no_dates_says_what_to_do(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, cell: str, has: str
) -> None:
    """To blank each text under `values`, as it was said, would leave no day; a closed line would be active."""
    path = tmp_path / "Naloxone.csv"
    rows = [[f"N{n}", cell.format(number=45900 + n, day=n % 28 + 1)] for n in range(30)]
    path.write_text(text([["Administration ref", "Date administered"], *rows]))
    draft, _, _ = drafted(con, home, path, extract="naloxone", force="kent")
    assert [p for p in draft.open_points if p.startswith("headers.")] == [
        f"headers.administered_at: 'Date administered' has its name, but it has {has}. The files are refused without it"
    ]


def test_of_two_likely_extracts_the_one_that_the_file_names_is_drafted(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """Incidents with a column of Yes and No for each qualifier were drafted as naloxone, and each would have counted."""
    path = tmp_path / "Incidents Oct 2025.csv"
    flags = ["Drugs", "Alcohol", "Mental Health", "Domestic"]
    rows = [
        [f"KP-{n:05}", ("Incident", "ROC")[n % 2], f"{n:02}/10/2025", "09:30", *(("Y", "")[(n + k) % 2] for k in range(4)),
         ("Immediate", "High", "Low")[n % 3], "Dover"]
        for n in range(1, 30)
    ]  # fmt: skip
    path.write_text(text([["STORM Ref", "Type", "Created Date", "Created Time", *flags, "Response", "District"], *rows]))
    draft, _, _ = drafted(con, home, path, force="kent")
    assert draft.contract.extract == "incidents" and draft.checks == ["extract: naloxone is as likely: choose with --extract"]
    assert any(p.startswith("headers.qualifiers: no header is") for p in draft.open_points)


def test_a_reference_that_repeats_needs_no_values(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """It was said to make texts blank under `values`, which a key has none of."""
    path = tmp_path / "Naloxone.csv"
    rows = [[f"N{n % 3}", f"{n % 28 + 1:02}/03/2026"] for n in range(30)]
    path.write_text(text([["Administration ref", "Date administered"], *rows]))
    draft, _, _ = drafted(con, home, path, extract="naloxone", force="kent")
    assert "headers.administration_ref: 'Administration ref' has its name, but most of its cells repeat or are blank: each" in (
        " ".join(draft.open_points)
    )


@pytest.mark.parametrize(
    ("header", "cell"), [("Date administered", "Mar-26"), ("Month", "2026-03"), ("administered_at", "March 2026")]
)
def test_a_column_of_months_is_named_with_what_to_do(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, header: str, cell: str
) -> None:
    """It was said that no header matches, or to make the texts that do not fit blank."""
    path = tmp_path / "Naloxone.csv"
    path.write_text(text([["Administration ref", header], *([f"N{n:02}", cell] for n in range(30))]))
    draft, draft_yaml, mapping = drafted(con, home, path, extract="naloxone", force="kent")
    assert draft.months == {"administered_at": header} and draft.unfit == draft.likely == {}
    (point,) = [p for p in draft.open_points if p.startswith("headers.administered_at")]
    assert point == (
        f"headers.administered_at: '{header}' says a month without its day, and rows count by their day: have the system export"
        " it. A spreadsheet may only hide it: show the column as dd/mm/yyyy and save again. No row loads without it"
    )
    assert point in draft_yaml and "administered_at" not in mapping["headers"]
    assert_loads(home, draft_yaml)
    path.write_text(text([["Administration ref", header], *([f"N{n:02}", f"0{n % 9 + 1}/03/2026"] for n in range(30))]))
    assert drafted(con, home, path, extract="naloxone", force="kent")[0].months == {}


def test_a_header_whose_cells_all_fit_is_not_called_unfit(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """A person may leave a column without its header, or with none of two; and most cells may be blank."""

    def draft_of(head: list[str], rows: list[list[str]], **options: Any) -> Draft:
        path = tmp_path / "Lines.csv"
        path.write_text(text([head, *rows]))
        draft, draft_yaml, _ = drafted(con, home, path, extract="county_lines", force="kent", **options)
        assert "its cells fit" not in draft_yaml
        return draft

    head = ["Line ID", "Date opened", "Date closed"]
    rows = [[f"L{n:02}", f"{n + 10}/08/2025", f"{n + 10}/09/2025"] for n in range(12)]
    draft = draft_of(head, rows, chosen={"closed_on": ""})
    assert column_of(draft, "closed_on").source is None and draft.unfit == {}
    both, days = [*head[:2], "Date closed", "Closed on"], [[*row[:2], "n/a", row[2]] for row in rows]
    assert label_of(column_of(draft_of(both, days), "closed_on").source) == "Closed on"
    assert draft_of(both, days, chosen={"closed_on": ""}).unfit == {}
    draft = draft_of(head[:2], [[row[0] if n > 8 else "", row[1]] for n, row in enumerate(rows)])
    assert column_of(draft, "line_ref").source is None and draft.unfit == {}


def test_a_required_column_whose_cells_do_not_all_fit(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """Under its own name it lands in any case, and has a check; under a synonym it is named. It was said that none matches."""
    path = tmp_path / "Sessions.csv"
    for header, cells in (("Young people", ["30", "approx 90"]), ("Number of pupils", ["30", "approx 90"])):
        rows = [[f"S{n:02}", f"{n + 10}/08/2025", "Primary", cells[n % 2]] for n in range(12)]
        path.write_text(text([["Input ref", "Delivered on", "Phase", header], *rows]))
        draft, draft_yaml, mapping = drafted(con, home, path, extract="school_inputs", force="kent")
        if header == "Young people":
            assert mapping["headers"]["young_people"] == header and draft.unfit == {}
            assert column_of(draft, "young_people").checks == [
                "6 of its cells are no amounts: they are quarantined unless values makes them blank"
            ]
        else:
            assert draft.unfit == {"young_people": header} and f"  # young_people: {header}  # ?" in draft_yaml
            (point,) = draft.open_points
            assert f"'{header}' has its name" in point and point.endswith("The files are refused without it")


@pytest.mark.parametrize(("header", "is_utc"), [("Search start (UTC)", True), ("Search start", False)])
def test_times_under_a_header_that_says_utc(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, header: str, is_utc: bool
) -> None:
    """Without an offset they were read as London's, an hour early in summer: a month's first hour was the month before's."""
    rows = [[f"S{n:02}", f"{n + 10}/08/2025 23:3{n % 10}:00", "Drugs", "Y"] for n in range(12)]
    path = tmp_path / "Searches.csv"
    path.write_text(text([["Search ref", header, "Object of search", "Object found"], *rows]))
    _, draft_yaml, mapping = drafted(con, home, path, extract="stop_search", force="kent")
    assert mapping.get("times_are_utc", False) is is_utc
    # Those with an offset are read by it, and the line is for all columns.
    assert ("a time without an offset is then read as UTC, in every column" in draft_yaml) is is_utc
    assert_loads(home, draft_yaml)


def test_codes_with_several_meanings_have_no_hints(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    rows = [[f"C{n}", "01/10/2025 10:00", "Theft", ("Pos coc", "Neg", "Refused it")[n % 3]] for n in range(60)]
    path = tmp_path / "tests on arrest.csv"
    path.write_text(text([["Custody No", "Arrest Date", "Arrest Reason", "Test Result"], *rows]), encoding="utf-8")
    draft, draft_yaml, _ = drafted(con, home, path, force="kent", extract="drug_tests")
    assert [c.perhaps for name in ("test_status", "cocaine", "result") for c in draft.codes[name]] == [""] * 9
    assert "perhaps" not in draft_yaml and "# Neg:  # ? 20 rows\n" in draft_yaml


def test_codes_that_hold_the_file_must_be_decided(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    rows = [[f"S{n}", "25/10/2025 10:00", ("DRG", "Controlled drugs")[n % 2], "Y"] for n in range(60)]
    path = tmp_path / "slips.csv"
    path.write_text(text([["Search Ref", "Date Searched", "Object of Search", "Found"], *rows]), encoding="utf-8")
    _, draft_yaml, _ = drafted(con, home, path, force="kent", extract="stop_search")
    assert "leave it as it is" not in draft_yaml
    assert "pam vocabulary accept stop_search object_of_search CODE --counts-as Drugs|nothing\n" in draft_yaml


def test_mistyped_date_does_not_fill_the_figures_with_empty_years(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """`%Y/%m/%d` reads 24/09/26 as the year 24. The figures then had a column for each year since 1900."""
    days = [*(f"2025/09/{n % 28 + 1:02d}" for n in range(30)), "24/09/26", "2023/01/05"]
    path = tmp_path / "Naloxone log.csv"
    path.write_text(text([["Kit Ref", "Date Given"], *([f"N{n}", day] for n, day in enumerate(days))]), encoding="utf-8")
    draft, draft_yaml, _ = drafted(con, home, path, force="kent", extract="naloxone")
    assert draft.window == (date(2023, 1, 5), date(2026, 9, 24))
    result = preview(con, home, draft, draft_yaml)
    assert [(f.year, f.value) for f in result.figures] == [("2023", 1), ("2025", 30), ("2026", 1)], "not 2024, which has no row"


@pytest.mark.parametrize(
    ("name", "force"),
    [
        ("City of London kit log.csv", "city-of-london"), ("Devon & Cornwall kit log.csv", "devon-and-cornwall"),
        ("Kent and Essex kit log.csv", None), ("kit log.csv", "kent"),
    ],
)  # fmt: skip
def test_the_force_of_a_file_s_name(home: Home, name: str, force: str | None) -> None:
    """City of London's was never found: a name is compared without words such as `of`. Of two, a person says which; where it
    names none, it is the home's only force."""
    assert force_of(home, Path(name), None) == force


def test_of_two_forces_of_a_home_a_person_says_which(home: Home) -> None:
    (home.seeds / "areas.csv").write_text(f"{AREAS}essex,main,Main,basildon,Basildon\n", encoding="utf-8")
    assert force_of(home, Path("kit log.csv"), None) is None


def test_the_header_of_a_personal_identifier_is_hidden_wherever_it_is_used(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    path = write(next(s for s in SYSTEMS if s.extract == "drug_tests"), tmp_path)
    draft = draft_mapping(con, home, path, "drug_tests")
    reference = next(label_of(d.source) for d in draft.columns if d.column.identifier and d.source)
    draft = draft_mapping(con, home, path, "drug_tests", chosen={"missed_reason": reference})
    assert _hidden_columns(draft) == {"custody_ref", "missed_reason"}


def test_a_year_without_a_figure_is_not_0() -> None:
    figures = [
        YearFigure("orders", "Orders", "2024", Decimal(1203), "count", "complete"),
        YearFigure("rate", "Rate", "2025", None, "percent", "partial"),
    ]
    rows = [("Orders", ["1,203", "not available"]), ("Rate", ["not available", "none (partial)"])]
    assert by_year(figures) == (rows, ["2024", "2025"])


def test_another_column_s_own_header_is_not_taken(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """Few cells of `tested_at` are dates. It was drafted as the opiates, and no mapping may say so."""
    days = ["10/13/2025 11:00", "n/a", "n/a"]
    rows = [[f"C{n}", f"{n % 28 + 1:02}/10/2025 10:00", "Theft", "Completed", days[n % 3], "Positive"] for n in range(60)]
    path = tmp_path / "tests.csv"
    path.write_text(text([["Custody No", "Arrest Date", "Arrest Reason", "Test Status", "tested_at", "Result"], *rows]))
    _, draft_yaml, mapping = drafted(con, home, path, extract="drug_tests", force="kent")
    assert "tested_at" not in mapping["headers"].values()
    assert_loads(home, draft_yaml)
    # Nor by its cells: no unit is another in each row, as a reference is.
    path.write_text(text([["lpu", *CRIMES[1:3], "Status"], *([f"U{n}", "25/10/2025", "92D", "Recorded"] for n in range(40))]))
    assert "lpu" not in drafted(con, home, path, extract="crimes", force="kent")[2]["headers"].values()


def test_identifiers_are_not_found_by_their_cells_and_every_slip_is_said(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    """One of 20 dates is none."""
    rows = [[f"Z{n}", f"{n + 10}/10/2025 10:00" if n else "soon", "Theft", "Completed", "Positive"] for n in range(20)]
    path = tmp_path / "tests.csv"
    path.write_text(text([["Zzz", "Arrest Date", "Arrest Reason", "Test Status", "Result"], *rows]))
    draft = draft_mapping(con, home, path, "drug_tests", "kent")
    assert column_of(draft, "custody_ref").source is None
    assert "only 95% of its cells are dates in this form" in column_of(draft, "arrested_at").checks


def test_public_health_has_no_years_of_rows(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    """Its rows have no day: the preview of such a file ended with an error of SQL."""
    path = tmp_path / "public_health__kent__2022-01-01__2022-12-31__20260105T020000Z.csv"
    head = ["Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Time period", "Value"]
    path.write_text(text([head, ["92432", "Deaths", "E10000016", "Kent", "Counties", "Persons", "2022", "5.1"]]))
    draft, draft_yaml, _ = drafted(con, home, path, extract="public_health", force="kent")
    result = preview(con, home, draft, draft_yaml, with_figures=False)
    assert result.entry.outcome == "accepted" and _years(home, draft, result.entry) == set()


def test_day_in_the_name_gets_a_check(con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "Kent naloxone to 31 Oct 2025.csv"
    days = ["2025-01-05", "2025-10-30"]
    path.write_text(text([["Kit Ref", "Date Given"], *([f"N{n}", days[n % 2]] for n in range(40))]), encoding="utf-8")
    _, draft_yaml, mapping = drafted(con, home, path, extract="naloxone")
    assert mapping["files"] == [{"name": "Kent naloxone to *.csv", "covers": "days"}]
    assert "  # check: '31 Oct 2025' alone says no window" in draft_yaml
    (home.mappings / "draft.yml").write_text(draft_yaml, encoding="utf-8")
    path.rename(home.inbox / path.name)
    (entry,) = land_night(home)
    assert entry.window == (date(2025, 1, 5), date(2025, 10, 30))


def test_records_with_a_row_for_each_qualifier_are_drafted_so(
    con: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    rows = [(n, q) for n in range(100) for q in (("Drugs", "ASB") if n < 10 else ("Drugs",))]
    lines = ["Incident No,Record Type,Opened,Qualifiers", *(f"I{n},INCIDENT,01/03/2025 10:00,{q}" for n, q in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    _, draft_yaml, mapping = drafted(con, home, path, extract="incidents", force="kent")
    assert mapping["table"] == {"row_for_each": "qualifiers"} and "# check: 10 records have several rows" in draft_yaml
    assert_loads(home, draft_yaml)
    # A report that says what the rows of a record have in common on the first of them; its last rows are no notes.
    first_alone = [re.sub("^I.*00,(?=ASB)", ",,,", line) for line in lines]
    path.write_text("\n".join([*lines[:1], *lines[21:], *first_alone[1:21]]), encoding="utf-8")
    draft, draft_yaml, mapping = drafted(con, home, path, extract="incidents", force="kent")
    assert mapping["table"] == {"row_for_each": "qualifiers"} and "# check: 10 records have several rows" in draft_yaml
    assert not draft.extra_rows and not next(d for d in draft.columns if d.column.key).checks
    path.write_text("\n".join([*lines[:1], *lines[3:]]), encoding="utf-8")
    assert "table" not in drafted(con, home, path, extract="incidents", force="kent")[2], "nine are single mistakes"
    versions = [f"{lines[0]},Updated", *(f"{line},{n:02}/04/2025" for n, line in enumerate(lines[1:]))]
    path.write_text("\n".join(versions), encoding="utf-8")
    assert "table" not in drafted(con, home, path, extract="incidents", force="kent")[2], "rows may be versions of a record"
