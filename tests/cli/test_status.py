"""`pam status`: of an empty home, of the sample, and with held and refused files and quarantined and withdrawn rows."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from support import MARTS, land_night, publish_night, run_night, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import night_of
from dagster_project.core.receipts import Night, Receipt, write_receipt
from dagster_project.landing import read_ledger
from dagster_project.landing.retract import retract
from dagster_project.nights.interrupted_nights import mark

KEYS = {
    "home", "published", "rolled_back", "last_night", "missing", "late", "held", "retracted", "refused", "quarantined",
    "withdrawn", "warnings", "holding", "archive", "mappings", "editions", "drift", "unknown_values", "not_expected",
    "without_areas", "gaps", "waiting", "unfinished",
}  # fmt: skip
NALOXONE = ["administration_ref", "administered_at", "lpu"]
SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found"]
YEAR = ("2025-01-01", "2025-12-31")
INDICATORS = ("Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Time period", "Value")
INDICATOR = ("92432", "Deaths", "E10000007", "Derbyshire", "Counties", "Persons", "2021-23", "5.5")


def administrations(n: int, bad: int = 0) -> list[list[str]]:
    return [[f"N{i}", "someday" if i < bad else "2025-05-01 10:00", "Dales"] for i in range(n)]


@pytest.fixture(scope="module")
def home_with_problems(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights: quarantined rows, withdrawn rows, a held file, a refused file and a file of no extract."""
    home = Home(tmp_path_factory.mktemp("status") / "home").create()
    write_extract(home.inbox, "naloxone", administrations(10), columns=NALOXONE, window=YEAR, stamp="20260101T020000Z")
    land_night(home)
    write_extract(home.inbox, "naloxone", administrations(8, bad=2), columns=NALOXONE, window=YEAR)
    write_extract(home.inbox, "stop_search", [], columns=SEARCHES, window=("2025-12-01", "2025-12-14"))
    write_extract(home.inbox, "school_inputs", [["I1"]], columns=["input_ref"], window=YEAR)
    (home.inbox / "notes [bold].csv").write_text("a\n1\n", encoding="utf-8")
    publish_night(home)
    return home


def read_status(pam: Callable, home: Home) -> dict:
    result = pam("status", "--json", "--home", home.path)
    assert result.exit_code == 0 and result.stderr == ""
    return json.loads(result.stdout)


def test_status_of_an_empty_home_and_of_no_home(pam: Callable, new_home: Home, tmp_path) -> None:
    for home in (new_home, Home(tmp_path / "nowhere")):
        status = read_status(pam, home)
        assert set(status) == KEYS and status["home"] == str(home.path)
        assert (status["published"], status["last_night"], status["withdrawn"]) == (None, None, {})
        assert status["missing"] == sorted(load_contracts())
        assert not any(status[k] for k in ("drift", "late", "held", "refused", "quarantined", "warnings", "holding"))
    assert not (tmp_path / "nowhere").exists(), "status creates nothing"


def test_status_of_the_sample(pam: Callable, sample_home: Home) -> None:
    status = read_status(pam, sample_home)
    assert status["published"]["night_id"] == status["last_night"]["night_id"]
    assert status["published"]["figures"].keys() == MARTS
    late = {f["extract"]: f for f in status["late"]}
    assert late["intelligence"]["covered_to"] == "2025-11-30" and late["intelligence"]["rhythm"] == "nightly"
    assert late["intelligence"]["days_late"] > 0
    text = pam("status", "--home", sample_home.path).stdout
    assert status["missing"] == sorted(load_contracts().keys() - {e.extract for e in read_ledger(sample_home)})
    assert ("Missing     nothing: every extract was received at least once" in text) == (not status["missing"])
    assert "intelligence (derbyshire): covered to 2025-11-30" in text
    assert {w["rule"] for w in status["warnings"]} == {"freshness"}
    assert text.endswith("Warnings    none but what is late\n"), "the night has a warning"


def test_each_problem_has_its_file_and_reason(pam: Callable, home_with_problems: Home) -> None:
    status = read_status(pam, home_with_problems)
    assert [(f["source_file"].split("__")[0], f["reason"]) for f in status["held"]] == [
        ("stop_search", status["held"][0]["reason"])
    ]
    assert "no rows" in status["held"][0]["reason"]
    refused = {f["source_file"]: f["reason"] for f in status["refused"]}
    assert len(refused) == 2
    assert any(n.startswith("school_inputs") and "delivered_on" in r for n, r in refused.items())
    assert [(f["extract"], f["rows"], f["rows_in_file"]) for f in status["quarantined"]] == [("naloxone", 2, 8)]
    assert sum(status["quarantined"][0]["reasons"].values()) == 2
    assert status["withdrawn"] == {"naloxone": 2}
    assert {"naloxone", "stop_search"} & set(status["missing"]) == {"stop_search"}, "a held file does not count as dropped"
    warned = {(c["subject"], c["rule"]) for c in status["warnings"]}
    assert {("naloxone", "share_quarantined"), ("naloxone", "share_withdrawn"), ("naloxone", "rows_stood_in")} <= warned


def test_days_between_files_that_no_file_covers_are_named(pam: Callable, new_home: Home) -> None:
    """A month that is missing from a history: it was to be found in `meta.extracts` alone, by counting covered days."""
    within = ("2024-06-01", "2024-06-30")
    for window in (("2024-01-01", "2024-01-31"), ("2024-03-01", "2024-12-31"), ("2025-01-01", "2025-12-30"), within):
        write_extract(new_home.inbox, "naloxone", [], columns=NALOXONE, window=window)
    write_extract(new_home.inbox, "iom_cohort", [], columns=["counted_on", "cohort_size"], window=YEAR)
    for month in ("2023-01", "2025-01"):
        # What others publish is there for its own periods, whatever days a download is named for.
        write_extract(
            new_home.inbox, "public_health", [INDICATOR], columns=INDICATORS, window=(f"{month}-01", f"{month}-31"),
            stamp=f"{month.replace('-', '')}31T020000Z",
        )  # fmt: skip
    land_night(new_home)
    assert read_status(pam, new_home)["gaps"] == [
        {"extract": "naloxone", "force_code": "derbyshire", "days": "2024-02-01 to 2024-02-29"}
    ]
    shown = "Gaps        naloxone (derbyshire): 2024-02-01 to 2024-02-29: no file covers these days: not available, not 0\n"
    assert shown in pam("status", "--home", new_home.path).stdout
    days = [f"2026-01-{n:02d}" for n in range(1, 17, 2)]
    for day in days:
        write_extract(new_home.inbox, "naloxone", [], columns=NALOXONE, window=(day, day), stamp="20260201T020000Z")
    land_night(new_home)
    assert read_status(pam, new_home)["gaps"][0]["days"].endswith("2026-01-08 and 3 more times")


def test_problems_are_shown_in_words(pam: Callable, home_with_problems: Home) -> None:
    text = pam("status", "--home", home_with_problems.path).stdout
    lines = {line.split()[0]: line for line in text.splitlines() if line and not line.startswith(" ")}
    assert "stop_search__derbyshire" in lines["Held"] and "no rows" in lines["Held"]
    assert "2 rows of 8 (25.0%):" in " ".join(text.split()) and "naloxone__derbyshire" in lines["Quarantined"]
    assert lines["Withdrawn"].split(maxsplit=1)[1] == "naloxone: 2 rows"
    assert "notes [bold].csv" in text, "a name is printed as it is, not as markup"
    assert "share_withdrawn" in text and "school_inputs__derbyshire" in text


def test_files_with_the_same_reason_are_named_below_it(pam: Callable, new_home: Home) -> None:
    for month in ("01", "02", "03"):
        window = (f"2025-{month}-01", f"2025-{month}-28")
        columns = ["input_ref" if month < "03" else "ref"]
        write_extract(new_home.inbox, "school_inputs", [["I1"]], columns=columns, window=window)
    land_night(new_home)
    lines = pam("status", "--home", new_home.path).stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("Refused"))
    assert lines[at].startswith("Refused     2 files: ") and "delivered_on" in lines[at]
    assert re.fullmatch(r" {14}school_inputs__\S+2025-01-28__\S+, school_inputs__\S+2025-02-28__\S+", lines[at + 1])
    assert lines[at + 2].startswith("            school_inputs__") and ": no header" in lines[at + 2]


def test_a_file_that_two_mappings_read_is_named_with_both(pam: Callable, new_home: Home) -> None:
    """Its reason was in the output and alert of the night alone, and in `pam inspect`."""
    for name, glob in (("one", "School *.csv"), ("two", "*inputs.csv")):
        text = f"extract: school_inputs\nforces: [derbyshire]\nfiles: [{{name: '{glob}', covers: days}}]\n"
        (new_home.mappings / f"{name}.yml").write_text(text, encoding="utf-8")
    write_extract(new_home.inbox, "school_inputs", [["I1"]], columns=["input_ref"]).rename(new_home.inbox / "School inputs.csv")
    run_night(new_home)
    (file,) = read_status(pam, new_home)["waiting"]
    assert file["source_file"] == "School inputs.csv"
    assert "mappings/one.yml and mappings/two.yml both read this name" in file["reason"]
    text = pam("status", "--home", new_home.path).stdout
    assert "\nWaiting     School inputs.csv: waits in the inbox" in text
    (new_home.mappings / "two.yml").unlink()
    run_night(new_home)
    assert read_status(pam, new_home)["waiting"] == []


def test_held_and_refused_files_disappear_once_corrected(pam: Callable, home_with_problems: Home, tmp_path) -> None:
    from support import copy_home

    home = copy_home(home_with_problems, tmp_path / "home")
    write_extract(
        home.inbox, "stop_search", [["S1", "2025-12-02 10:00", "Drugs", "N"]], columns=SEARCHES,
        window=("2025-12-01", "2025-12-14"), stamp="20260106T020000Z",
    )  # fmt: skip
    inputs = [["I1", "2025-05-01", "Primary", "30"]]
    columns = ["input_ref", "delivered_on", "phase", "young_people"]
    write_extract(home.inbox, "school_inputs", inputs, columns=columns, window=YEAR)
    write_extract(home.inbox, "naloxone", administrations(8), columns=NALOXONE, window=YEAR, stamp="20260106T020000Z")
    assert {e.outcome for e in land_night(home)} == {"accepted"}
    status = read_status(pam, home)
    assert status["held"] == [] and [f["source_file"] for f in status["refused"]] == ["notes [bold].csv"]


def test_a_home_that_is_a_file_gives_no_traceback(pam: Callable, tmp_path) -> None:
    (tmp_path / "file").touch()
    for command in (("status",), ("query", "select 1")):
        result = pam(*command, "--home", tmp_path / "file")
        assert result.exit_code in (0, 1) and "Traceback" not in result.stderr + result.stdout


def test_a_mapping_that_cannot_be_used_is_shown(pam: Callable, new_home: Home) -> None:
    assert "Mappings" not in pam("status", "--home", new_home.path).stdout
    (new_home.mappings / "odd.yml").write_text("extract: crimes\nheaders: {lpus: Beat}\n", encoding="utf-8")
    (fault,) = read_status(pam, new_home)["mappings"]
    assert fault["file"] == "odd.yml" and fault["problem"].startswith("headers.lpus: no such column")
    assert "Mappings    mappings/odd.yml: headers.lpus: no such column" in pam("status", "--home", new_home.path).stdout


def test_changed_columns_are_shown_for_a_fortnight(pam: Callable, new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=NALOXONE, window=YEAR, stamp="20260101T020000Z")
    land_night(new_home)
    assert read_status(pam, new_home)["drift"] == []
    columns = ["administration_ref", "administered_at", "Beat"]
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=columns, window=YEAR)
    land_night(new_home)
    write_extract(new_home.inbox, "naloxone", administrations(3), columns=columns, window=YEAR, stamp="20260106T020000Z")
    land_night(new_home)
    (file,) = read_status(pam, new_home)["drift"]
    assert file["source_file"].endswith("20260105T020000Z.csv") and file["drift"] == ["renamed? lpu is gone, Beat is new"]
    assert "renamed? lpu is gone, Beat is new" in pam("status", "--home", new_home.path).stdout
    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.nights.status.DRIFT_DAYS", -1)
        assert read_status(pam, new_home)["drift"] == []
    retract(new_home, file["source_file"], by="A. Person", why="the wrong columns")
    assert read_status(pam, new_home)["drift"] == []


def test_a_check_into_a_closed_pipe_keeps_its_exit_code(new_home: Home) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "dagster_project", "status", "--check", "--home", str(new_home.path)]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (2, "")


def test_forces_without_a_list_of_units_are_named(pam: Callable, new_home: Home) -> None:
    """Without a list each row counts as Not recorded, and is not wrong: nothing else would report it."""
    for force in ("kent", "derbyshire"):
        write_extract(new_home.inbox, "naloxone", administrations(3), columns=NALOXONE, window=YEAR, force=force)
    write_extract(new_home.inbox, "naloxone", [["N1", "2025-05-01"]], columns=NALOXONE[:2], window=YEAR, force="essex")
    # Blank in every row, as if it were not there.
    blank = [[f"N{i}", f"2025-05-{i % 28 + 1:02}", ""] for i in range(60)]
    write_extract(new_home.inbox, "naloxone", blank, columns=NALOXONE, window=YEAR, force="surrey")
    land_night(new_home)
    assert read_status(pam, new_home)["without_areas"] == ["kent"]
    assert "kent: no list of its units" in pam("status", "--home", new_home.path).stdout
    new_home.seeds.mkdir()
    header = "force_code,section_code,section_name,lpu_code,lpu_name"
    (new_home.seeds / "areas.csv").write_text(f"{header}\nkent,east,East,dover,Dover\n")
    assert read_status(pam, new_home)["without_areas"] == []


def test_a_night_killed_before_its_receipt_is_not_said_to_have_no_figures(pam: Callable, week_copy: Home) -> None:
    night_id = night_of(week_copy.warehouse)
    (week_copy.nights / f"{night_id}.json").unlink()
    assert pam("status", "--home", week_copy.path).stdout.splitlines()[1] == (
        f"Published   night {night_id}, whole, though it ended before its receipt was written: the next night writes it"
    )


def test_warnings_of_the_published_night_stay_after_one_that_failed_before_its_checks(pam: Callable, sample_copy: Home) -> None:
    """`Warnings none` was untrue."""
    warnings = read_status(pam, sample_copy)["warnings"]
    write_receipt(sample_copy, Receipt("20991231T020000Z", "failed", "2099-12-31T02:00:00Z", "2099-12-31T02:00:01Z", "why"))
    status = read_status(pam, sample_copy)
    assert status["last_night"]["outcome"] == "failed" and status["warnings"] == warnings != []


def test_a_night_without_a_receipt_is_named(pam: Callable, new_home: Home) -> None:
    """Killed at two in the morning: the line on the last night was that of the night before, as if nothing had happened."""
    mark(night := Night.begin(new_home))
    with locked(new_home):
        assert f"\nUnder way   night {night.night_id}, since " in pam("status", "--home", new_home.path).stdout
    assert f"\nKilled      night {night.night_id}, which began at " in pam("status", "--home", new_home.path).stdout
    assert read_status(pam, new_home)["unfinished"]["is_under_way"] is False
