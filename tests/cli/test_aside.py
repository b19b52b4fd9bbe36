"""`pam release` and `pam quarantine`: what a night set aside, listed, released and exported."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support import candidate, copy_home, land_night, night, write_extract

from dagster_project.core.home import Home
from dagster_project.core.receipts import locked
from dagster_project.landing import read_ledger
from dagster_project.landing.release_held import held_files

CRIMES = ["crime_ref", "recorded_on", "offence_code", "status"]
TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
ORDERS = ["order_ref", "order_date", "amount", "recipient"]
AUTUMN = ("2025-09-01", "2025-12-31")
TO_2026 = ("2025-01-01", "2026-01-31")


@pytest.fixture(scope="module")
def aside(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A doubled feed, a held header, and rows in quarantine: one that a newer file has, one that it has not."""
    home = Home(tmp_path_factory.mktemp("aside") / "home").create()
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


def test_what_is_held_is_listed(pam: Callable, aside: Home) -> None:
    result = pam("release", "--home", aside.path)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(lines) == 2
    assert all(e.load_id in result.stdout and e.source_file in result.stdout for e in held_files(aside))
    assert "doubled feed" in result.stdout and "header and no rows" in result.stdout
    assert 'pam release FILE --why "..."' in result.stderr


def test_a_released_file_counts_from_the_next_night(pam: Callable, aside: Home, tmp_path: Path) -> None:
    home = copy_home(aside, tmp_path / "home")
    name = "crimes__derbyshire__2025-01-01"
    result = pam("release", name, "--by", "A. Nalyst", "--why", "the unit confirms it", "--home", home.path)
    assert result.exit_code == 0 and "with 60 rows" in result.stdout, result.output
    assert read_ledger(home)[-1].reason.startswith("released by A. Nalyst: the unit confirms it; was held: doubled feed")
    assert [e.covered_from.month for e in held_files(home)] == [9]
    with night(home) as run:
        run.land()
        run.build()
    asked = (
        "select value from warehouse.marts.measures where measure = 'possession_offences' and category = 'all'"
        " and area_type = 'force' and period_label = '2025' and period_type = 'calendar_year'"
    )
    with candidate(home) as con:
        assert con.execute(asked).fetchall() == [(60,)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["crimes__", "--why", "w"], "'crimes__' means 2 of the held files. Held: "),
        (["mda_orders", "--why", "w"], "'mda_orders' means none of the held files. Held: "),
        (["crimes__derbyshire__2025-01-01"], "say why the file is right"),
        (["crimes__derbyshire__2025-01-01", "--why", "  "], "say why the file is right"),
    ],
)
def test_what_is_not_clear_releases_nothing(pam: Callable, aside: Home, args: list[str], said: str) -> None:
    before = read_ledger(aside)
    result = pam("release", *args, "--home", aside.path)
    assert result.exit_code in (1, 2) and said in result.stderr
    assert read_ledger(aside) == before


def test_nothing_is_released_while_a_night_is_under_way(pam: Callable, aside: Home) -> None:
    with locked(aside):
        result = pam("release", "crimes__derbyshire__2025-01-01", "--why", "w", "--home", aside.path)
    assert result.exit_code == 1 and "another night is under way" in result.stderr


def test_a_newer_file_ends_what_was_held(aside: Home, tmp_path: Path) -> None:
    home = copy_home(aside, tmp_path / "home")
    rows = [["C1", "2025-06-01", "92D", "Recorded"]]
    write_extract(home.inbox, "crimes", rows, columns=CRIMES, window=TO_2026, stamp="20260201T020000Z")
    land_night(home)
    assert held_files(home) == []


def rows_of(pam: Callable, home: Home, *args: str) -> list[dict]:
    result = pam("quarantine", "-f", "json", *args, "--home", home.path)
    assert result.exit_code == 0 and result.stderr == "", result.output
    return json.loads(result.stdout)


def test_only_rows_that_still_are_to_be_mended(pam: Callable, aside: Home) -> None:
    found = rows_of(pam, aside)
    assert [(r["extract"], r["line"]) for r in found] == [("drug_tests", 2), ("mda_orders", 3), ("mda_orders", 2)]
    assert [len(rows_of(pam, aside, "--all"))] == [5]
    assert {r["source_file"].split("__")[-1] for r in found if r["line"] == 2} == {
        "20260105T020000Z.csv",
        "20260106T020000Z.csv",
    }


def test_every_reason_is_there_and_found(pam: Callable, aside: Home) -> None:
    (both,) = rows_of(pam, aside, "--extract", "mda_orders", "--reason", "IS NOT A DATE")
    assert "order_date: 'soon' is not a date" in both["reasons"] and "recipient" in both["reasons"]
    assert json.loads(both["row"]) == {"order_ref": "M5", "order_date": "soon", "amount": "1", "recipient": "Nobody"}
    assert rows_of(pam, aside, "--force", "kent") == []


def test_identifiers_are_never_shown(pam: Callable, aside: Home, tmp_path: Path) -> None:
    shown = pam("quarantine", "--limit", 0, "--all", "--home", aside.path).output
    pam("quarantine", "--out", tmp_path / "out", "--home", aside.path)
    assert "PERSON-1" not in shown + (tmp_path / "out" / "quarantine__drug_tests__leicestershire.csv").read_text("utf-8")


def test_the_table_says_how_many_more(pam: Callable, aside: Home) -> None:
    result = pam("quarantine", "--limit", 1, "--home", aside.path)
    assert "2 more: --limit 0 shows all, --out DIR writes them" in result.stdout
    assert "amount: is not an amount" in result.stdout, "kinds of reasons, by file"


def test_an_export_for_those_who_mend(pam: Callable, aside: Home, tmp_path: Path) -> None:
    result = pam("quarantine", "--extract", "mda_orders", "--all", "--out", tmp_path / "out", "--home", aside.path)
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


def test_a_clean_home_says_so(pam: Callable, new_home: Home) -> None:
    result = pam("quarantine", "--home", new_home.path)
    assert (result.exit_code, result.stdout) == (0, "No row is in quarantine.\n")
    assert pam("release", "--home", new_home.path).stderr == "No file is held\n"


def test_wrong_use_is_said(pam: Callable, new_home: Home) -> None:
    assert pam("quarantine", "--extract", "nothing", "--home", new_home.path).exit_code == 2
    assert pam("quarantine", "-f", "xml", "--home", new_home.path).exit_code == 2
