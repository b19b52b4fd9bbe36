"""`pam release` and `pam quarantine`: held files and quarantined rows are listed, released and exported."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import candidate, copy_home, land_night, night, write_extract

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.landing import read_ledger
from dagster_project.landing.release_held import held_files, release
from dagster_project.landing.storage.quarantine_export import quarantined_files

CRIMES = ["crime_ref", "recorded_on", "offence_code", "status"]
TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
ORDERS = ["order_ref", "order_date", "amount", "recipient"]
AUTUMN = ("2025-09-01", "2025-12-31")
TO_2026 = ("2025-01-01", "2026-01-31")


@pytest.fixture(scope="module")
def held_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Held files (a doubled feed, a header without rows) and quarantined rows: a newer file has one of them and lacks one."""
    home = Home(tmp_path_factory.mktemp("held") / "home").create()
    rows = [[f"C{n}", "2025-06-01", "92D", "Recorded"] for n in range(60)]
    write_extract(home.inbox, "crimes", [*rows, *rows], columns=CRIMES)
    write_extract(home.inbox, "crimes", [], columns=CRIMES, window=AUTUMN)
    orders = [
        ["M1", "2025-10-01", "about ten", "Police"],
        ["M2", "2025-10-01", "=1+1", "Nobody"],
        ["M3", "2025-10-02", "1", "Police"],
    ]
    write_extract(home.inbox, "mda_orders", orders, columns=ORDERS, window=AUTUMN)
    write_extract(
        home.inbox, "mda_orders", [["M4", "2025-01-01", "", "Charity"], ["M5", "soon", "1", "Nobody"]], columns=ORDERS
    )
    write_extract(
        home.inbox, "drug_tests", [["PERSON-1", "never", "Theft", "Completed"]], columns=TESTS, force="leicestershire"
    )
    land_night(home)
    newer = [["M1", "2025-10-01", "about ten", "Police"], ["M3", "2025-10-02", "1", "Police"]]
    write_extract(home.inbox, "mda_orders", newer, columns=ORDERS, window=AUTUMN, stamp="20260106T020000Z")
    land_night(home)
    return home


def test_held_files_are_listed(pam: Callable, held_home: Home) -> None:
    result = pam("release", "--home", held_home.path)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(lines) == 2
    assert all(e.load_id in result.stdout and e.source_file in result.stdout for e in held_files(held_home))
    assert "doubled feed" in result.stdout and "header and no rows" in result.stdout
    assert 'pam release FILE --why "..."' in result.stderr


def test_retracted_files_are_listed_to_be_released(pam: Callable, held_home: Home, tmp_path: Path) -> None:
    home = copy_home(held_home, tmp_path / "home")
    (load,) = (f.entry for f in quarantined_files(home) if f.entry.extract == "drug_tests")
    result = pam("retract", load.source_file, "--why", "of another force", "--by", "A. Nalyst", "--home", home.path)
    assert f"(load {load.load_id}, 2025-01-01 to 2025-12-31, 0 rows) is retracted" in result.stdout
    result = pam("release", "--home", home.path)
    line = rf"^{load.load_id}  {load.source_file}: retracted on .* by A. Nalyst: of another force$"
    assert re.search(line, result.stdout, re.M)
    assert result.stderr.startswith("2 held; ")


def test_a_released_file_counts_from_the_next_night(pam: Callable, held_home: Home, tmp_path: Path) -> None:
    home = copy_home(held_home, tmp_path / "home")
    name = "crimes__derbyshire__2025-01-01"
    result = pam("release", name, "--by", "A. Nalyst", "--why", "the unit confirms it", "--home", home.path)
    assert result.exit_code == 0 and "with 60 rows" in result.stdout, result.output
    assert read_ledger(home)[-1].reason.startswith("released by A. Nalyst: the unit confirms it; was held: doubled feed")
    assert [e.covered_from.month for e in held_files(home)] == [9]
    with night(home) as run:
        run.land()
        run.build_part({"mart_drug_offences"})
    query = (
        "select value from warehouse.marts.mart_drug_offences where measure = 'possession_offences' and category = 'all'"
        " and area_type = 'force' and period_label = '2025' and period_type = 'calendar_year'"
    )
    with candidate(home) as con:
        assert con.execute(query).fetchall() == [(60,)]


def test_a_file_without_rows_can_be_released(held_home: Home, tmp_path: Path) -> None:
    """It stands for days on which there was nothing."""
    entry = release(copy_home(held_home, tmp_path / "home"), "crimes__derbyshire__2025-09-01", by="A. N.", why="quiet")
    assert (entry.outcome, entry.rows_landed) == ("accepted", 0)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["crimes__", "--why", "w"], "'crimes__' means 2 of the held files. Held: "),
        (["mda_orders", "--why", "w"], "'mda_orders' means none of the held files. Held: "),
        (["", "--why", "w"], "'' means none of the held files. Held: "),
        (["crimes__derbyshire__2025-01-01"], "say why the file is right"),
        (["crimes__derbyshire__2025-01-01", "--why", "  "], "say why the file is right"),
    ],
)
def test_an_ambiguous_name_or_no_reason_releases_nothing(pam: Callable, held_home: Home, args: list[str], error: str) -> None:
    before = read_ledger(held_home)
    result = pam("release", *args, "--home", held_home.path)
    assert result.exit_code in (1, 2) and error in result.stderr
    assert read_ledger(held_home) == before


def test_nothing_is_released_during_a_night(pam: Callable, held_home: Home) -> None:
    with locked(held_home):
        result = pam("release", "crimes__derbyshire__2025-01-01", "--why", "w", "--home", held_home.path)
    assert result.exit_code == 1 and "another night is under way" in result.stderr


def test_a_newer_file_replaces_a_held_one(held_home: Home, tmp_path: Path) -> None:
    home = copy_home(held_home, tmp_path / "home")
    rows = [["C1", "2025-06-01", "92D", "Recorded"]]
    write_extract(home.inbox, "crimes", rows, columns=CRIMES, window=TO_2026, stamp="20260201T020000Z")
    land_night(home)
    assert held_files(home) == []


def read_quarantine(pam: Callable, home: Home, *args: str) -> list[dict]:
    result = pam("quarantine", "-f", "json", *args, "--home", home.path)
    assert result.exit_code == 0 and result.stderr == "", result.output
    return json.loads(result.stdout)


def test_only_rows_still_to_be_corrected_are_listed(pam: Callable, held_home: Home) -> None:
    rows = read_quarantine(pam, held_home)
    assert [(r["extract"], r["line"]) for r in rows] == [("drug_tests", 2), ("mda_orders", 3), ("mda_orders", 2)]
    assert [len(read_quarantine(pam, held_home, "--all"))] == [5]
    assert {r["source_file"].split("__")[-1] for r in rows if r["line"] == 2} == {
        "20260105T020000Z.csv",
        "20260106T020000Z.csv",
    }


def test_a_row_has_every_reason_and_is_found_by_any(pam: Callable, held_home: Home) -> None:
    (row,) = read_quarantine(pam, held_home, "--extract", "mda_orders", "--reason", "IS NOT A DATE")
    assert "order_date: 'soon' is not a date" in row["reasons"] and "recipient" in row["reasons"]
    assert json.loads(row["row"]) == {"order_ref": "M5", "order_date": "soon", "amount": "1", "recipient": "Nobody"}
    assert read_quarantine(pam, held_home, "--force", "kent") == []


def test_identifiers_are_never_shown(pam: Callable, held_home: Home, tmp_path: Path) -> None:
    output = pam("quarantine", "--limit", 0, "--all", "--home", held_home.path).output
    pam("quarantine", "--out", tmp_path / "out", "--home", held_home.path)
    assert "PERSON-1" not in output + (tmp_path / "out" / "quarantine__drug_tests__leicestershire.csv").read_text("utf-8")


def test_the_table_says_how_many_rows_are_left_out(pam: Callable, held_home: Home) -> None:
    result = pam("quarantine", "--limit", 1, "--home", held_home.path)
    assert "2 more: --limit 0 shows all, --out DIR writes them" in result.stdout
    assert "amount: is not an amount" in result.stdout, "reasons without their values, by file"
    assert result.stdout.count('{"') == 1, "each row is shown as JSON"
    result = pam("quarantine", "--limit", 0, "--home", held_home.path)
    assert result.stdout.count('{"') == 3 and "more:" not in result.stdout


def test_a_row_that_is_gone_from_the_folder_is_said_to_be_missing(pam: Callable, held_home: Home, tmp_path: Path) -> None:
    home = copy_home(held_home, tmp_path / "home")
    for path in home.quarantine.rglob("drug_tests/**/*.parquet"):
        path.unlink()
    result = pam("quarantine", "--home", home.path)
    assert result.stderr == "pam: 1 row missing in the quarantine folder; the ledger still counts them\n"
    assert result.stdout.count('{"') == 2


def test_an_export_of_rows_to_correct(pam: Callable, held_home: Home, tmp_path: Path) -> None:
    result = pam("quarantine", "--extract", "mda_orders", "--all", "--out", tmp_path / "out", "--home", held_home.path)
    (path,) = map(Path, result.stdout.split())
    assert path.stat().st_mode & 0o777 == 0o600 and path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "extract",
        "force_code",
        "source_file",
        "line",
        "reasons",
        "order_ref",
        "order_date",
        "amount",
        "recipient",
    ]
    assert sorted(r["order_ref"] for r in rows) == ["M1", "M1", "M2", "M5"]


def test_each_file_of_rows_is_on_record_before_it_is_written(
    pam: Callable, held_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put on record afterwards, and not where it is if the folder was named from the current one."""
    home = copy_home(held_home, tmp_path / "home")
    names = ["quarantine__drug_tests__leicestershire.csv", "quarantine__mda_orders__derbyshire.csv"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").touch()
    for folder, exit_code in (("out/below", 1), ("rows", 0)):
        result = pam("quarantine", "--out", folder, "--why", "for the unit", "--home", home.path)
        assert (result.exit_code, result.stdout.split()) == (exit_code, [] if exit_code else [f"{folder}/{n}" for n in names])
        recorded = [(r.facts["what"], r.facts["to"], r.facts.get("why")) for r in read_log(home) if r.kind == "disclosure"]
        assert recorded[-2:] == [("quarantine", str(tmp_path / folder / n), "for the unit") for n in names]


def test_a_mistyped_force_is_not_one_without_rows(pam: Callable, held_home: Home) -> None:
    """It was said of it that no row is in quarantine."""
    result = pam("quarantine", "--force", "derbishire", "--home", held_home.path)
    assert result.exit_code == 2 and "no force is called 'derbishire'; is derbyshire meant?" in result.stderr
    assert len(read_quarantine(pam, held_home, "--force", " Derbyshire")) == 2
    result = pam("quarantine", "--force", "kent", "--home", held_home.path)
    assert result.stdout == "No such row is in quarantine.\n"


def test_programs_get_every_row(pam: Callable, held_home: Home) -> None:
    assert len(read_quarantine(pam, held_home, "--limit", "1")) == 3


def test_a_clean_home_says_so(pam: Callable, new_home: Home) -> None:
    result = pam("quarantine", "--home", new_home.path)
    assert (result.exit_code, result.stdout) == (0, "No row is in quarantine.\n")
    assert pam("release", "--home", new_home.path).stderr == "No file is held\n"


def test_usage_errors(pam: Callable, new_home: Home) -> None:
    assert pam("quarantine", "--extract", "nothing", "--home", new_home.path).exit_code == 2
    assert pam("quarantine", "-f", "xml", "--home", new_home.path).exit_code == 2


def test_no_file_is_retracted_without_a_reason(pam: Callable, new_home: Home) -> None:
    result = pam("retract", "crimes", "--why", " ", "--home", new_home.path)
    assert result.exit_code == 2 and "say why the file is wrong" in result.stderr
