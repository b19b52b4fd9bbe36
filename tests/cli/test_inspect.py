"""`pam inspect`: it reports what a night then does with a file, and changes nothing."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from support import copy_home, land_night, night, write_extract
from week import NIGHTS

from dagster_project.cli.render_inspection import show_inspected
from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.core.receipts import Receipt, write_receipt
from dagster_project.nights.dry_run import TrialOutcome, _moved_figures, _split_failed

NALOXONE = ["administration_ref", "administered_at", "lpu"]
TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
SHARED_KEYS = (
    "extract", "force_code", "form", "outcome", "encoding", "delimiter", "mapping", "headers", "unknown_columns",
    "missing_columns", "drift", "unknown_values", "rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate",
    "quarantine_reasons", "reason", "withheld",
)  # fmt: skip


def snapshot(folder: Path) -> dict[str, tuple]:
    """Every name below a folder with its mode, times and bytes."""
    states = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        stat = path.lstat()
        data = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        states[str(path.relative_to(folder))] = (stat.st_mode, stat.st_mtime_ns, stat.st_size if data else 0, data)
    return states


def inspect(pam: Callable, home: Home, *args: object) -> dict:
    """`pam inspect --json`, which must leave home and files as they are."""
    files = [Path(a) for a in args if isinstance(a, Path)]
    before = (snapshot(home.path) if home.path.exists() else None, [snapshot(f.parent) for f in files])
    result = pam("inspect", *args, "--json", "--home", home.path)
    assert (snapshot(home.path) if home.path.exists() else None, [snapshot(f.parent) for f in files]) == before
    output = json.loads(result.stdout)
    is_ok = all(f["outcome"] in ("accepted", "known") for f in output["files"])
    is_ok = is_ok and (output["gate"] is None or output["gate"]["outcome"] in ("published", "unchanged"))
    assert result.exit_code == (0 if is_ok else 1)
    return output


def inspect_one(pam: Callable, home: Home, *args: object) -> dict:
    return inspect(pam, home, *args)["files"][0]


def n_rows(n: int, bad: int = 0) -> list[list[str]]:
    return [[f"N{i}", "someday" if i < bad else "2025-05-01 10:00", "Dales"] for i in range(n)]


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Copy it, do not change it."""
    home = Home(tmp_path_factory.mktemp("inspect") / "home").create()
    write_extract(home.inbox, "naloxone", n_rows(5, bad=1), columns=NALOXONE)
    write_extract(home.inbox, "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS)
    land_night(home)
    return home


@pytest.fixture
def landed_home(landed_once: Home, tmp_path: Path) -> Home:
    """A home with files of naloxone and drug tests, its inbox empty."""
    return copy_home(landed_once, tmp_path / "home")


def write_cases(folder: Path) -> dict[str, Path]:
    """A file for every kind of outcome, by the name of its case."""
    later = {"columns": NALOXONE, "stamp": "20260106T020000Z"}
    files = {
        "bad rows": write_extract(folder / "a", "naloxone", [*n_rows(6, bad=2), ["N9"], n_rows(6)[5]], **later),
        "drift": write_extract(folder / "b", "naloxone", n_rows(3), columns=["Administration Ref", "administered_at", "Beat"]),
        "known": write_extract(folder / "c", "naloxone", n_rows(5, bad=1), columns=NALOXONE),
        "a rival": write_extract(folder / "d", "naloxone", n_rows(4), columns=NALOXONE),
        "a tie": write_extract(folder / "e", "naloxone", [["N3", "2025-05-02", "x"]], columns=NALOXONE,
                               window=("2025-05-01", "2025-05-31")),
        "a column missing": write_extract(folder / "f", "naloxone", [["N1", "x"]], columns=["administration_ref", "Given"]),
        "empty": write_extract(folder / "g", "crimes", [], columns=["crime_ref", "recorded_on", "offence_code", "status"]),
        "identifiers": write_extract(folder / "h", "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS,
                                     stamp="20260106T020000Z"),
        "doubled": write_extract(folder / "i", "naloxone", n_rows(60) * 2, **later),
        "no name": folder / "j" / "export.csv",
        "no text": folder / "k" / "naloxone__derbyshire__2025-01-01__2025-12-31__20260107T020000Z.xlsx",
    }  # fmt: skip
    for name in ("no name", "no text"):
        files[name].parent.mkdir()
        files[name].write_bytes(b"administration_ref,administered_at\nN1,2025-05-01\n")
    return files


OUTCOMES = {
    "bad rows": "accepted", "drift": "refused", "known": "known", "a rival": "refused", "a tie": "accepted",
    "a column missing": "refused", "empty": "held", "identifiers": "accepted", "doubled": "held", "no name": "refused",
    "no text": "refused",
}  # fmt: skip


@pytest.mark.parametrize("name", OUTCOMES)
def test_inspect_reports_what_the_night_then_does(pam: Callable, landed_home: Home, tmp_path: Path, name: str) -> None:
    path = write_cases(tmp_path / "new")[name]
    result = inspect_one(pam, landed_home, path)
    assert result["outcome"] == OUTCOMES[name], result["reason"]
    path.rename(landed_home.inbox / path.name)
    (entry,) = land_night(landed_home)
    landed = entry.model_dump(mode="json")
    assert {k: result[k] for k in SHARED_KEYS} == {k: landed[k] for k in SHARED_KEYS}


def test_the_report_has_dialect_headers_problems_and_counts(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    path = write_cases(tmp_path / "new")["bad rows"]
    result = inspect_one(pam, landed_home, path)
    assert (result["container"], result["encoding"], result["delimiter"]) == (".csv", "utf-8", ",")
    assert result["headers"] == {c: c for c in NALOXONE} and result["headers_by_mapping"] == []
    assert (result["rows_in_file"], result["rows_landed"], result["rows_quarantined"], result["rows_duplicate"]) == (8, 4, 3, 1)
    assert result["problems"] == [
        {"line": 2, "reasons": "administered_at: 'someday' is not a date and time"},
        {"line": 3, "reasons": "administered_at: 'someday' is not a date and time"},
        {"line": 8, "reasons": "1 fields where the header has 3"},
    ]
    text = pam("inspect", path, "--home", landed_home.path).stdout
    for line in (
        "Outcome     would be accepted",
        "Recognised  naloxone of derbyshire, 2025-01-01 to 2025-12-31, extracted at 2026-01-06T02:00:00Z",
        "Read as     .csv, utf-8, comma between fields", "Columns     administration_ref <- administration_ref",
        "Rows        8 in the file: 4 would land, 3 quarantined, 1 repeats",
        "Problems    lines 2, 3: administered_at: 'someday'",
    ):  # fmt: skip
        assert line in text, line


def test_the_report_says_which_rows_would_count(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "new")
    names = ("known", "doubled", "a column missing", "a tie")
    result = pam("inspect", *(cases[name] for name in names), "--home", landed_home.path)
    reports = dict(zip(names, result.stdout.split("\n\n"), strict=True))
    assert result.exit_code == 1, "the last would be accepted, others would not"
    for name, lines in {
        "known": ["Outcome     is known: the same as "],
        "doubled": ["Rows        120 in the file: 60 would be stored and not count, 0 quarantined, 60 repeats"],
        "a column missing": ["Not stored  Given", "Missing     administered_at, lpu"],
        "a tie": ["Rows        1 in the file: 0 would land, 1 quarantined, ", "Withheld    1 row of 20260105T020000Z-"],
    }.items():
        assert all(line in reports[name] for line in lines), reports[name]
    assert "Rows" not in reports["known"]


def test_only_the_first_problems_are_shown(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", n_rows(40, bad=30), columns=NALOXONE)
    result = inspect_one(pam, new_home, path)
    assert [p["line"] for p in result["problems"]] == list(range(2, 12)) and result["rows_quarantined"] == 30
    rows = [[f"N{i}", f"2025-13-01 10:{i}", ""] for i in range(40)] + [["", "2025-05-01 10:00", ""]]
    path = write_extract(tmp_path / "newer", "naloxone", rows, columns=NALOXONE)
    problems = inspect_one(pam, new_home, path)["problems"]
    assert [p["line"] for p in problems] == [*range(2, 11), 42], "a row with each reason is among them"


def test_the_mapping_and_its_columns_are_shown(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    (landed_home.mappings / "amb.yml").write_text("extract: naloxone\nheaders: {lpu: Beat, administration_ref: Job}\n")
    path = write_extract(tmp_path / "new", "naloxone", n_rows(3), columns=["Job", "administered_at", "Beat"],
                         stamp="20260106T020000Z")  # fmt: skip
    result = inspect_one(pam, landed_home, path)
    assert result["mapping"].startswith("amb.yml@") and result["headers_by_mapping"] == ["administration_ref", "lpu"]
    assert result["drift"] == [
        "other header: administration_ref was administration_ref, is Job", "other header: lpu was lpu, is Beat",
    ]  # fmt: skip
    assert "lpu <- Beat (by the mapping)" in pam("inspect", path, "--home", landed_home.path).stdout
    (landed_home.mappings / "amb.yml").write_text("extract: naloxone\nheader: {lpu: Beat}\n")
    assert "mappings/amb.yml: header: not known here; is headers meant?" in inspect_one(pam, landed_home, path)["reason"]


def test_a_file_with_an_unknown_name_needs_extract_and_force(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "new" / "Naloxone export (3).csv"
    path.parent.mkdir()
    path.write_text("administration_ref,administered_at\nN1,2025-05-03\nN2,01/05/2025\n")
    assert "the name is neither" in inspect_one(pam, new_home, path)["reason"]
    claim = ("--extract", "naloxone", "--force", "derbyshire")
    result = inspect_one(pam, new_home, path, *claim)
    assert (result["outcome"], result["rows_landed"], result["container"]) == ("accepted", 2, ".csv")
    assert result["name_that_would_do"].startswith("naloxone__derbyshire__2025-05-01__2025-05-03__")
    narrow = inspect_one(pam, new_home, path, *claim, "--from", "2025-05-02", "--to", "2025-05-31")
    assert narrow["rows_quarantined"] == 1 and "2025-05-01 is outside the window" in narrow["problems"][0]["reasons"]
    assert "naloxone of derbyshire, any window" in pam("inspect", path, *claim, "--home", new_home.path).stdout
    (new_home.inbox / result["name_that_would_do"]).write_bytes(path.read_bytes())
    assert land_night(new_home)[0].rows_landed == 2


def test_wrong_options_are_refused(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", n_rows(1), columns=NALOXONE)
    for args in (("--extract", "naloxone"), ("--force", "derbyshire"), ("--from", "2025-01-01"), ("--to", "x")):
        assert pam("inspect", path, *args, "--home", new_home.path).exit_code == 2
    for args, code, message in (
        (("--extract", "nalox", "--force", "derbyshire"), 1, "no contract is called 'nalox'"),
        (("--extract", "naloxone", "--force", "mordor"), 2, "no force is called 'mordor'"),
    ):
        result = pam("inspect", path, *args, "--home", new_home.path)
        assert result.exit_code == code and message in result.stderr
    assert pam("inspect", tmp_path / "none.csv").exit_code == 2
    assert pam("inspect", tmp_path).exit_code == 2
    assert pam("inspect").exit_code == 2


def test_file_names_that_a_night_skips_are_refused(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", n_rows(1), columns=NALOXONE)
    for name in ("." + path.name, path.name + ".part", path.name + ".manifest.json"):
        other = path.rename(path.parent / name)
        result = inspect_one(pam, new_home, other)
        assert result["outcome"] == "refused" and "a night passes over" in result["reason"]
        path = other.rename(path)


def test_files_of_the_inbox_and_of_the_archive_can_be_inspected(pam: Callable, landed_home: Home) -> None:
    path = write_extract(landed_home.inbox, "naloxone", n_rows(2), columns=NALOXONE, stamp="20260106T020000Z")
    assert inspect_one(pam, landed_home, path)["outcome"] == "accepted"
    day = next(landed_home.archive.iterdir())
    archived = sorted(day.glob("naloxone*"))[0]
    assert inspect_one(pam, landed_home, archived)["outcome"] == "known"


def test_several_files_are_judged_as_in_one_night(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    later = write_extract(tmp_path / "new", "naloxone", n_rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260107T020000Z")
    first = write_extract(tmp_path / "new", "naloxone", n_rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260106T020000Z")
    twin = write_extract(tmp_path / "twin", "naloxone", n_rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260106T020000Z")
    results = inspect(pam, landed_home, later, first, twin)["files"]
    assert [f["file"] for f in results] == [str(later), str(first), str(twin)]
    assert [f["outcome"] for f in results] == ["accepted", "accepted", "known"]
    assert [f["drift"] for f in results[:2]] == [[], ["renamed? lpu is gone, Beat is new"]]


def test_the_manifest_is_checked(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", n_rows(2), columns=NALOXONE)
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 3}')
    assert inspect_one(pam, new_home, path)["reason"] == "manifest: says 3 rows, the file has 2"


def test_no_home_and_no_key_are_created(pam: Callable, tmp_path: Path, new_home: Home) -> None:
    path = write_extract(tmp_path / "new", "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS)
    nowhere = Home(tmp_path / "nowhere")
    assert inspect_one(pam, nowhere, path)["outcome"] == "accepted" and not nowhere.path.exists()
    assert inspect_one(pam, new_home, path)["outcome"] == "accepted" and not new_home.key_file.exists()


def test_a_missing_or_readable_key_is_an_error_as_in_a_night(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    path = write_cases(tmp_path / "new")["identifiers"]
    os.chmod(landed_home.key_file, 0o644)
    result = pam("inspect", path, "--home", landed_home.path)
    assert result.exit_code == 1 and "can be read by others than its owner" in result.stderr
    landed_home.key_file.unlink()
    result = pam("inspect", path, "--home", landed_home.path)
    assert result.exit_code == 1 and "is gone" in result.stderr and not landed_home.key_file.exists()


def test_no_temporary_file_is_left(pam: Callable, landed_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    inspect_one(pam, landed_home, write_cases(tmp_path / "new")["identifiers"])
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.long
def test_the_gate_reports_what_the_night_would(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    """For a night that a rule of the home holds."""
    landed_home.expectations.mkdir()
    (landed_home.expectations / "none.yml").write_text(
        "name: none\nrelation: stg_naloxone\nexpectations:\n  - type: expect_table_row_count_to_be_between\n"
        "    kwargs: {max_value: 0}\n    severity: critical\n    meta: {advice: Ask.}\n",
        encoding="utf-8",
    )
    path = write_cases(tmp_path / "new")["bad rows"]
    before = snapshot(landed_home.path)
    result = pam("inspect", path, "--gate", "--home", landed_home.path)
    assert result.exit_code == 1 and "Outcome     would be accepted" in result.stdout
    assert "Gate        a night with this would be held back: " in result.stdout and "stg_naloxone is " in result.stdout
    figures = result.stdout[result.stdout.index("Figures") :]
    assert {"mart_drug_tests", "mart_naloxone"} == {*re.findall(r"mart_\w+(?=: [\d,]+ changed)", figures)}
    assert snapshot(landed_home.path) == before
    path.rename(landed_home.inbox / path.name)
    with night(landed_home) as run:
        run.land()
        run.build()
        run.judge()
    assert run.receipt.outcome == "held"
    failed = {c.rule for c in run.checks if not c.passed and c.rule != "freshness"}
    assert {rule for rule in failed if f"[{rule}]" in result.stdout} == failed > {"share_quarantined"}


def test_the_gate_s_figures_and_what_fails_as_before_are_counted(capsys: pytest.CaptureFixture) -> None:
    late, new = (Check("s", "crimes", rule, "warning", False, "found", "Why.", "Ask.") for rule in ("freshness", "share"))
    show_inspected([], TrialOutcome("published", "", [new], [late], {"mart_naloxone": {"changed": 1200, "new": 3, "gone": 4}}))
    assert capsys.readouterr().out.splitlines() == [
        "", "Gate        a night with this would be published", "  warning  crimes: found [share]", "    Why. Ask.",
        "  1 more fail, as on the last night: pam status", "Figures     mart_naloxone: 1,200 changed, 3 new, 4 gone",
    ]  # fmt: skip


def test_what_fails_as_on_the_last_night_is_told_apart(new_home: Home) -> None:
    """By what it found, and not as on any earlier night."""

    def found(rule: str, words: str, passed: bool = False) -> Check:
        return Check("s", "crimes", rule, "warning", passed, words, "Why.", "Ask.")

    earlier = [found("share", "5 of 10"), found("gaps", "2")]
    nights = (earlier, [found("late", "3 days"), found("gaps", "1"), found("ties", "1", True)])
    for n, checks in enumerate(nights, 1):
        receipt = Receipt(f"2026010{n}T020000Z", "published", "", "", checks=[asdict(c) for c in checks])
        write_receipt(new_home, receipt)
    late, *others = checks = [found("late", "3 days"), found("share", "5 of 10"), found("gaps", "2"), found("ties", "1")]
    assert _split_failed(new_home, [*checks, found("fine", "0", True)]) == (others, [late])


def test_figures_that_would_move_are_counted_from_what_is_published(week: Home, new_home: Home) -> None:
    new_home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    new_home.candidate.mkdir(exist_ok=True)
    for night_id, to in ((NIGHTS[0], new_home.warehouse), (NIGHTS[1], new_home.candidate / WAREHOUSE)):
        shutil.copyfile(week.publications / f"{night_id}.duckdb", to)
    assert _moved_figures(new_home)["mart_naloxone"] == {"changed": 65, "new": 182, "gone": 0}


def test_the_gate_reports_a_failed_and_an_unchanged_night(pam: Callable, landed_home: Home, tmp_path: Path) -> None:
    files = write_cases(tmp_path / "new")
    gate = inspect(pam, landed_home, files["known"], "--gate")["gate"]
    assert (gate["outcome"], gate["checks"]) == ("unchanged", [])
    landed_home.seeds.mkdir()
    (landed_home.seeds / "areas.csv").write_text("no,such,columns\n")
    gate = inspect(pam, landed_home, files["bad rows"], "--gate")["gate"]
    assert gate["outcome"] == "failed" and "seeds/areas.csv: line 1: the header lacks" in gate["reason"]
