"""`pam status`: empty, after the sample, and with files that were held, refused, quarantined or took rows back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from support import MARTS, land_night, publish_night, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import read_ledger

KEYS = {
    "home", "published", "rolled_back", "last_night", "missing", "late", "held", "retracted", "refused", "quarantined",
    "withdrawn", "warnings", "holding", "archive", "mappings", "editions", "drift", "unknown_values", "not_expected",
    "without_areas",
}  # fmt: skip
NALOXONE = ["administration_ref", "administered_at", "lpu"]
SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found"]
YEAR = ("2025-01-01", "2025-12-31")


def administrations(n: int, bad: int = 0) -> list[list[str]]:
    return [[f"N{i}", "someday" if i < bad else "2025-05-01 10:00", "Dales"] for i in range(n)]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights: rows in quarantine, rows taken back, a file held, one refused and one of no extract."""
    home = Home(tmp_path_factory.mktemp("status") / "home").create()
    write_extract(home.inbox, "naloxone", administrations(10), columns=NALOXONE, window=YEAR, stamp="20260101T020000Z")
    land_night(home)
    write_extract(home.inbox, "naloxone", administrations(8, bad=2), columns=NALOXONE, window=YEAR)
    write_extract(home.inbox, "stop_search", [], columns=SEARCHES, window=("2025-12-01", "2025-12-14"))
    write_extract(home.inbox, "school_inputs", [["I1"]], columns=["input_ref"], window=YEAR)
    (home.inbox / "notes [bold].csv").write_text("a\n1\n", encoding="utf-8")
    publish_night(home)
    return home


def read(pam: Callable, home: Home) -> dict:
    result = pam("status", "--json", "--home", home.path)
    assert result.exit_code == 0 and result.stderr == ""
    return json.loads(result.stdout)


def test_an_empty_home_and_none_at_all(pam: Callable, new_home: Home, tmp_path) -> None:
    for home in (new_home, Home(tmp_path / "nowhere")):
        found = read(pam, home)
        assert set(found) == KEYS and found["home"] == str(home.path)
        assert (found["published"], found["last_night"], found["withdrawn"]) == (None, None, {})
        assert found["missing"] == sorted(load_contracts())
        assert not any(found[k] for k in ("drift", "late", "held", "refused", "quarantined", "warnings", "holding"))
    assert not (tmp_path / "nowhere").exists(), "looking makes nothing"


def test_after_the_sample(pam: Callable, sample_home: Home) -> None:
    found = read(pam, sample_home)
    assert found["published"]["night_id"] == found["last_night"]["night_id"]
    assert found["published"]["figures"].keys() == MARTS
    late = {f["extract"]: f for f in found["late"]}
    assert late["intelligence"]["covered_to"] == "2025-11-30" and late["intelligence"]["rhythm"] == "nightly"
    assert late["intelligence"]["days_late"] > 0
    text = pam("status", "--home", sample_home.path).stdout
    assert found["missing"] == sorted(load_contracts().keys() - {e.extract for e in read_ledger(sample_home)})
    assert ("Missing     nothing: every extract was dropped at least once" in text) == (not found["missing"])
    assert "intelligence (derbyshire): covered to 2025-11-30" in text
    assert {w["rule"] for w in found["warnings"]} == {"freshness"}
    assert text.endswith("Warnings    none but what is late\n"), "the night has a warning"


def test_each_trouble_has_its_file_and_reason(pam: Callable, troubled: Home) -> None:
    found = read(pam, troubled)
    assert [(f["source_file"].split("__")[0], f["reason"]) for f in found["held"]] == [
        ("stop_search", found["held"][0]["reason"])
    ]
    assert "no rows" in found["held"][0]["reason"]
    refused = {f["source_file"]: f["reason"] for f in found["refused"]}
    assert len(refused) == 2
    assert any(n.startswith("school_inputs") and "delivered_on" in r for n, r in refused.items())
    assert [(f["extract"], f["rows"]) for f in found["quarantined"]] == [("naloxone", 2)]
    assert sum(found["quarantined"][0]["reasons"].values()) == 2
    assert found["withdrawn"] == {"naloxone": 2}
    assert {"naloxone", "stop_search"} & set(found["missing"]) == {"stop_search"}, "held is not dropped"
    warned = {(c["subject"], c["rule"]) for c in found["warnings"]}
    assert {("naloxone", "share_quarantined"), ("naloxone", "share_withdrawn"), ("naloxone", "rows_stood_in")} <= warned


def test_it_is_said_in_words_too(pam: Callable, troubled: Home) -> None:
    text = pam("status", "--home", troubled.path).stdout
    lines = {line.split()[0]: line for line in text.splitlines() if line and not line.startswith(" ")}
    assert "stop_search__derbyshire" in lines["Held"] and "no rows" in lines["Held"]
    assert "2 rows" in lines["Quarantined"] and "naloxone__derbyshire" in lines["Quarantined"]
    assert lines["Withdrawn"].split(maxsplit=1)[1] == "naloxone: 2 rows"
    assert "notes [bold].csv" in text, "a name is printed as it is, not as markup"
    assert "share_withdrawn" in text and "school_inputs__derbyshire" in text


def test_what_was_held_and_refused_is_gone_once_mended(pam: Callable, troubled: Home, tmp_path) -> None:
    from support import copy_home

    home = copy_home(troubled, tmp_path / "home")
    write_extract(
        home.inbox, "stop_search", [["S1", "2025-12-02 10:00", "Drugs", "N"]], columns=SEARCHES,
        window=("2025-12-01", "2025-12-14"), stamp="20260106T020000Z",
    )  # fmt: skip
    inputs = [["I1", "2025-05-01", "Primary", "30"]]
    columns = ["input_ref", "delivered_on", "phase", "young_people"]
    write_extract(home.inbox, "school_inputs", inputs, columns=columns, window=YEAR)
    write_extract(home.inbox, "naloxone", administrations(8), columns=NALOXONE, window=YEAR, stamp="20260106T020000Z")
    assert {e.outcome for e in land_night(home)} == {"accepted"}
    found = read(pam, home)
    assert found["held"] == [] and [f["source_file"] for f in found["refused"]] == ["notes [bold].csv"]


def test_a_home_that_is_no_folder(pam: Callable, tmp_path) -> None:
    (tmp_path / "file").touch()
    for command in (("status",), ("query", "select 1")):
        result = pam(*command, "--home", tmp_path / "file")
        assert result.exit_code in (0, 1) and "Traceback" not in result.stderr + result.stdout


def test_a_mapping_that_cannot_be_used_is_shown(pam: Callable, new_home: Home) -> None:
    assert "Mappings" not in pam("status", "--home", new_home.path).stdout
    (new_home.mappings / "odd.yml").write_text("extract: crimes\nheaders: {lpus: Beat}\n", encoding="utf-8")
    (found,) = read(pam, new_home)["mappings"]
    assert found["file"] == "odd.yml" and found["problem"].startswith("headers.lpus: no such column")
    assert "Mappings    mappings/odd.yml: headers.lpus: no such column" in pam("status", "--home", new_home.path).stdout


def test_changed_columns_are_shown_for_a_fortnight(pam: Callable, new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=NALOXONE, window=YEAR, stamp="20260101T020000Z")
    land_night(new_home)
    assert read(pam, new_home)["drift"] == []
    columns = ["administration_ref", "administered_at", "Beat"]
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=columns, window=YEAR)
    land_night(new_home)
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=columns, window=YEAR, stamp="20260106T020000Z")
    land_night(new_home)
    (found,) = read(pam, new_home)["drift"]
    assert found["source_file"].endswith("20260105T020000Z.csv") and found["drift"] == ["renamed? lpu is gone, Beat is new"]
    assert "renamed? lpu is gone, Beat is new" in pam("status", "--home", new_home.path).stdout
    monkeypatch.setattr("dagster_project.nights.status.DRIFT_DAYS", -1)
    assert read(pam, new_home)["drift"] == []


def test_a_check_that_nobody_reads_keeps_its_exit_code(new_home: Home) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "dagster_project", "status", "--check", "--home", str(new_home.path)]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, "")


def test_it_says_whose_units_no_list_has_until_the_home_has_one(pam: Callable, new_home: Home) -> None:
    """Without a list each row counts as Not recorded, which is no fault of the rows: nothing else would say so."""
    for force in ("kent", "derbyshire"):
        write_extract(new_home.inbox, "naloxone", administrations(3), columns=NALOXONE, window=YEAR, force=force)
    write_extract(new_home.inbox, "naloxone", [["N1", "2025-05-01"]], columns=NALOXONE[:2], window=YEAR, force="essex")
    land_night(new_home)
    assert read(pam, new_home)["without_areas"] == ["kent"]
    assert "kent: no list of its units" in pam("status", "--home", new_home.path).stdout
    new_home.seeds.mkdir()
    header = "force_code,section_code,section_name,lpu_code,lpu_name"
    (new_home.seeds / "areas.csv").write_text(f"{header}\nkent,east,East,dover,Dover\n")
    assert read(pam, new_home)["without_areas"] == []
