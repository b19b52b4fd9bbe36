"""`pam inspect`: what it says is what the night then does, and nothing changes by asking."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import copy_home, land_night, night, write_extract

from dagster_project.core.home import Home

NALOXONE = ["administration_ref", "administered_at", "lpu"]
TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
SAME = (
    "extract", "force_code", "form", "outcome", "encoding", "delimiter", "mapping", "headers", "unknown_columns",
    "missing_columns", "drift", "unknown_values", "rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate",
    "quarantine_reasons", "reason", "withheld",
)  # fmt: skip


def snapshot(folder: Path) -> dict[str, tuple]:
    """Every name below a folder with its mode, times and bytes."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        stat = path.lstat()
        data = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_mtime_ns, stat.st_size if data else 0, data)
    return found


def asked(pam: Callable, home: Home, *args: object) -> dict:
    """`pam inspect --json`, which must leave home and files as they are."""
    files = [Path(a) for a in args if isinstance(a, Path)]
    before = (snapshot(home.path) if home.path.exists() else None, [snapshot(f.parent) for f in files])
    result = pam("inspect", *args, "--json", "--home", home.path)
    assert (snapshot(home.path) if home.path.exists() else None, [snapshot(f.parent) for f in files]) == before
    found = json.loads(result.stdout)
    fine = all(f["outcome"] in ("accepted", "known") for f in found["files"])
    fine = fine and (found["gate"] is None or found["gate"]["outcome"] in ("published", "unchanged"))
    assert result.exit_code == (0 if fine else 1)
    return found


def one(pam: Callable, home: Home, *args: object) -> dict:
    return asked(pam, home, *args)["files"][0]


def rows(n: int, bad: int = 0) -> list[list[str]]:
    return [[f"N{i}", "someday" if i < bad else "2025-05-01 10:00", "Dales"] for i in range(n)]


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """To be copied, not changed."""
    home = Home(tmp_path_factory.mktemp("inspect") / "home").create()
    write_extract(home.inbox, "naloxone", rows(5, bad=1), columns=NALOXONE)
    write_extract(home.inbox, "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS)
    land_night(home)
    return home


@pytest.fixture
def landed(landed_once: Home, tmp_path: Path) -> Home:
    """A home with files of naloxone and drug tests, its inbox empty."""
    return copy_home(landed_once, tmp_path / "home")


def cases(folder: Path) -> dict[str, Path]:
    """Files of every kind of outcome, by what they are."""
    later = {"columns": NALOXONE, "stamp": "20260106T020000Z"}
    made = {
        "bad rows": write_extract(folder / "a", "naloxone", [*rows(6, bad=2), ["N9"], rows(6)[5]], **later),
        "drift": write_extract(folder / "b", "naloxone", rows(3), columns=["Administration Ref", "administered_at", "Beat"]),
        "known": write_extract(folder / "c", "naloxone", rows(5, bad=1), columns=NALOXONE),
        "a rival": write_extract(folder / "d", "naloxone", rows(4), columns=NALOXONE),
        "a tie": write_extract(folder / "e", "naloxone", [["N3", "2025-05-02", "x"]], columns=NALOXONE,
                               window=("2025-05-01", "2025-05-31")),
        "a column missing": write_extract(folder / "f", "naloxone", [["N1", "x"]], columns=["administration_ref", "Given"]),
        "empty": write_extract(folder / "g", "crimes", [], columns=["crime_ref", "recorded_on", "offence_code", "status"]),
        "identifiers": write_extract(folder / "h", "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS,
                                     stamp="20260106T020000Z"),
        "doubled": write_extract(folder / "i", "naloxone", rows(60) * 2, **later),
        "no name": folder / "j" / "export.csv",
        "no text": folder / "k" / "naloxone__derbyshire__2025-01-01__2025-12-31__20260107T020000Z.xlsx",
    }  # fmt: skip
    for name in ("no name", "no text"):
        made[name].parent.mkdir()
        made[name].write_bytes(b"administration_ref,administered_at\nN1,2025-05-01\n")
    return made


OUTCOMES = {
    "bad rows": "accepted", "drift": "refused", "known": "known", "a rival": "refused", "a tie": "accepted",
    "a column missing": "refused", "empty": "held", "identifiers": "accepted", "doubled": "held", "no name": "refused",
    "no text": "refused",
}  # fmt: skip


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_it_says_is_what_the_night_does(pam: Callable, landed: Home, tmp_path: Path, name: str) -> None:
    path = cases(tmp_path / "new")[name]
    said = one(pam, landed, path)
    assert said["outcome"] == OUTCOMES[name], said["reason"]
    path.rename(landed.inbox / path.name)
    (entry,) = land_night(landed)
    done = entry.model_dump(mode="json")
    assert {k: said[k] for k in SAME} == {k: done[k] for k in SAME}


def test_dialect_headers_problems_and_counts(pam: Callable, landed: Home, tmp_path: Path) -> None:
    path = cases(tmp_path / "new")["bad rows"]
    said = one(pam, landed, path)
    assert (said["container"], said["encoding"], said["delimiter"]) == (".csv", "utf-8", ",")
    assert said["headers"] == {c: c for c in NALOXONE} and said["headers_by_mapping"] == []
    assert (said["rows_in_file"], said["rows_landed"], said["rows_quarantined"], said["rows_duplicate"]) == (8, 4, 3, 1)
    assert said["problems"] == [
        {"line": 2, "reasons": "administered_at: 'someday' is not a date and time"},
        {"line": 3, "reasons": "administered_at: 'someday' is not a date and time"},
        {"line": 8, "reasons": "1 fields where the header has 3"},
    ]
    text = pam("inspect", path, "--home", landed.path).stdout
    for line in (
        "Outcome     would be accepted",
        "Recognised  naloxone of derbyshire, 2025-01-01 to 2025-12-31, extracted at 2026-01-06T02:00:00Z",
        "Read as     .csv, utf-8, comma between fields", "Columns     administration_ref <- administration_ref",
        "Rows        8 in the file: 4 would land, 3 quarantined, 1 repeats", "Problems    line 2: administered_at: 'someday'",
    ):  # fmt: skip
        assert line in text, line


def test_only_the_first_problems_are_shown(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", rows(40, bad=30), columns=NALOXONE)
    said = one(pam, new_home, path)
    assert len(said["problems"]) == 10 and said["rows_quarantined"] == 30


def test_a_mapping_and_its_columns(pam: Callable, landed: Home, tmp_path: Path) -> None:
    (landed.mappings / "amb.yml").write_text("extract: naloxone\nheaders: {lpu: Beat, administration_ref: Job}\n")
    path = write_extract(tmp_path / "new", "naloxone", rows(3), columns=["Job", "administered_at", "Beat"],
                         stamp="20260106T020000Z")  # fmt: skip
    said = one(pam, landed, path)
    assert said["mapping"].startswith("amb.yml@") and said["headers_by_mapping"] == ["administration_ref", "lpu"]
    assert said["drift"] == [
        "other header: administration_ref was administration_ref, is Job", "other header: lpu was lpu, is Beat",
    ]  # fmt: skip
    assert "lpu <- Beat (by the mapping)" in pam("inspect", path, "--home", landed.path).stdout
    (landed.mappings / "amb.yml").write_text("extract: naloxone\nheader: {lpu: Beat}\n")
    assert "mappings/amb.yml: header: not known here; is headers meant?" in one(pam, landed, path)["reason"]


def test_a_file_whose_name_says_nothing(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "new" / "Naloxone export (3).csv"
    path.parent.mkdir()
    path.write_text("administration_ref,administered_at\nN1,2025-05-03\nN2,01/05/2025\n")
    assert "the name is neither" in one(pam, new_home, path)["reason"]
    claim = ("--extract", "naloxone", "--force", "derbyshire")
    said = one(pam, new_home, path, *claim)
    assert (said["outcome"], said["rows_landed"], said["container"]) == ("accepted", 2, ".csv")
    assert said["name_that_would_do"].startswith("naloxone__derbyshire__2025-05-01__2025-05-03__")
    narrow = one(pam, new_home, path, *claim, "--from", "2025-05-02", "--to", "2025-05-31")
    assert narrow["rows_quarantined"] == 1 and "2025-05-01 is outside the window" in narrow["problems"][0]["reasons"]
    assert "naloxone of derbyshire, any window" in pam("inspect", path, *claim, "--home", new_home.path).stdout
    (new_home.inbox / said["name_that_would_do"]).write_bytes(path.read_bytes())
    assert land_night(new_home)[0].rows_landed == 2


def test_wrong_claims(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", rows(1), columns=NALOXONE)
    for args in (("--extract", "naloxone"), ("--force", "derbyshire"), ("--from", "2025-01-01"), ("--to", "x")):
        assert pam("inspect", path, *args, "--home", new_home.path).exit_code == 2
    for args, said in (
        (("--extract", "nalox", "--force", "derbyshire"), "no contract is called 'nalox'"),
        (("--extract", "naloxone", "--force", "mordor"), "unknown force 'mordor'"),
    ):
        result = pam("inspect", path, *args, "--home", new_home.path)
        assert result.exit_code == 1 and said in result.stderr
    assert pam("inspect", tmp_path / "none.csv").exit_code == 2
    assert pam("inspect", tmp_path).exit_code == 2
    assert pam("inspect").exit_code == 2


def test_names_that_a_night_passes_over(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", rows(1), columns=NALOXONE)
    for name in ("." + path.name, path.name + ".part", path.name + ".manifest.json"):
        other = path.rename(path.parent / name)
        said = one(pam, new_home, other)
        assert said["outcome"] == "refused" and "a night passes over" in said["reason"]
        path = other.rename(path)


def test_files_of_the_inbox_and_files_decided_on_before(pam: Callable, landed: Home) -> None:
    path = write_extract(landed.inbox, "naloxone", rows(2), columns=NALOXONE, stamp="20260106T020000Z")
    assert one(pam, landed, path)["outcome"] == "accepted"
    day = next(landed.archive.iterdir())
    archived = sorted(day.glob("naloxone*"))[0]
    assert one(pam, landed, archived)["outcome"] == "known"


def test_several_files_are_seen_as_one_night_sees_them(pam: Callable, landed: Home, tmp_path: Path) -> None:
    later = write_extract(tmp_path / "new", "naloxone", rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260107T020000Z")
    first = write_extract(tmp_path / "new", "naloxone", rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260106T020000Z")
    twin = write_extract(tmp_path / "twin", "naloxone", rows(2), columns=[*NALOXONE[:2], "Beat"], stamp="20260106T020000Z")
    found = asked(pam, landed, later, first, twin)["files"]
    assert [f["file"] for f in found] == [str(later), str(first), str(twin)]
    assert [f["outcome"] for f in found] == ["accepted", "accepted", "known"]
    assert [f["drift"] for f in found[:2]] == [[], ["renamed? lpu is gone, Beat is new"]]


def test_the_sidecar_is_heeded(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    path = write_extract(tmp_path / "new", "naloxone", rows(2), columns=NALOXONE)
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 3}')
    assert one(pam, new_home, path)["reason"] == "manifest: says 3 rows, the file has 2"


def test_no_home_and_no_key_are_made(pam: Callable, tmp_path: Path, new_home: Home) -> None:
    path = write_extract(tmp_path / "new", "drug_tests", [["CU1", "2025-05-01", "Theft", "Refused"]], columns=TESTS)
    nowhere = Home(tmp_path / "nowhere")
    assert one(pam, nowhere, path)["outcome"] == "accepted" and not nowhere.path.exists()
    assert one(pam, new_home, path)["outcome"] == "accepted" and not new_home.key_file.exists()


def test_a_key_that_is_gone_or_lies_open_is_said_as_the_night_says_it(pam: Callable, landed: Home, tmp_path: Path) -> None:
    path = cases(tmp_path / "new")["identifiers"]
    os.chmod(landed.key_file, 0o644)
    result = pam("inspect", path, "--home", landed.path)
    assert result.exit_code == 1 and "can be read by others than its owner" in result.stderr
    landed.key_file.unlink()
    result = pam("inspect", path, "--home", landed.path)
    assert result.exit_code == 1 and "is gone" in result.stderr and not landed.key_file.exists()


def test_nothing_is_left_behind(pam: Callable, landed: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    one(pam, landed, cases(tmp_path / "new")["identifiers"])
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_gate_says_what_the_night_would(pam: Callable, landed: Home, tmp_path: Path) -> None:
    """Of one that a rule of the home's own holds."""
    landed.expectations.mkdir()
    (landed.expectations / "none.yml").write_text(
        "name: none\nrelation: stg_naloxone\nexpectations:\n  - type: expect_table_row_count_to_be_between\n"
        "    kwargs: {max_value: 0}\n    severity: critical\n    meta: {advice: Ask.}\n",
        encoding="utf-8",
    )
    path = cases(tmp_path / "new")["bad rows"]
    before = snapshot(landed.path)
    result = pam("inspect", path, "--gate", "--home", landed.path)
    assert result.exit_code == 1 and "Outcome     would be accepted" in result.stdout
    assert "Gate        a night with this would be held back: " in result.stdout and "stg_naloxone is " in result.stdout
    figures = result.stdout[result.stdout.index("Figures") :]
    assert {"mart_drug_tests", "mart_naloxone"} == {*re.findall(r"mart_\w+(?=: [\d,]+ changed)", figures)}
    assert snapshot(landed.path) == before
    path.rename(landed.inbox / path.name)
    with night(landed) as run:
        run.land()
        run.build()
        run.judge()
    assert run.receipt.outcome == "held"
    failed = {c.rule for c in run.checks if not c.passed and c.rule != "freshness"}
    assert {rule for rule in failed if f"[{rule}]" in result.stdout} == failed > {"share_quarantined"}


def test_a_night_that_would_fail_and_one_that_has_nothing_new(pam: Callable, landed: Home, tmp_path: Path) -> None:
    files = cases(tmp_path / "new")
    judged = asked(pam, landed, files["known"], "--gate")["gate"]
    assert (judged["outcome"], judged["checks"]) == ("unchanged", [])
    landed.seeds.mkdir()
    (landed.seeds / "areas.csv").write_text("no,such,columns\n")
    judged = asked(pam, landed, files["bad rows"], "--gate")["gate"]
    assert judged["outcome"] == "failed" and "seeds/areas.csv: line 1: the header lacks" in judged["reason"]
