"""`pam template`: each extract's file lands unchanged, defaults are sensible, and no file is overwritten."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support import land_night, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing.blank_extract import header_line, write_template

NOW = datetime(2026, 3, 5, 0, 30, tzinfo=UTC)


def test_every_empty_template_is_accepted_or_held(new_home: Home) -> None:
    templates = [write_template(new_home, name, new_home.inbox, force="derbyshire", now=NOW) for name in load_contracts()]
    entries = {e.extract: e for e in land_night(new_home)}
    assert set(entries) == set(load_contracts())
    for t in templates:
        entry = entries[t.contract.extract]
        assert (entry.covered_from, entry.covered_to) == (t.covered_from, t.covered_to)
        assert (entry.unknown_columns, entry.missing_columns, entry.rows_in_file) == ([], [], 0)
        assert entry.outcome == ("held" if "held" in t.empty else "accepted"), t.contract.extract
        assert set(entry.headers) == {c.name for c in t.contract.columns}
    assert sum(e.outcome == "held" for e in entries.values()) == 4


def test_the_default_window_is_the_last_whole_month_or_year(new_home: Home, tmp_path: Path) -> None:
    month = write_template(new_home, "naloxone", tmp_path, force="Derbyshire", now=NOW)
    assert month.path.name == "naloxone__derbyshire__2026-02-01__2026-02-28__20260305T003000Z.csv"
    year = write_template(new_home, "public_health", tmp_path, force="derbyshire", now=NOW)
    assert (year.covered_from, year.covered_to) == (date(2025, 1, 1), date(2025, 12, 31))
    january = write_template(new_home, "crimes", tmp_path, force="derbyshire", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert (january.covered_from, january.covered_to) == (date(2025, 12, 1), date(2025, 12, 31))
    one = write_template(new_home, "crimes", tmp_path, force="derbyshire", covered_from=date(2024, 2, 10), now=NOW)
    assert (one.covered_from, one.covered_to) == (date(2024, 2, 10), date(2024, 2, 29))


def test_the_command_prints_the_path_and_the_reference_page(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    args = ("--force", "derbyshire", "--from", "2025-01-01", "--to", "2025-01-03", "--out", tmp_path / "new" / "folder")
    result = pam("template", "Incidents", *args, "--home", new_home.path)
    path = Path(result.stdout.strip())
    assert result.exit_code == 0 and path.parent == tmp_path / "new" / "folder"
    assert path.name.startswith("incidents__derbyshire__2025-01-01__2025-01-03__") and path.suffix == ".csv"
    assert path.read_bytes() == header_line(load_contracts()["incidents"])
    assert path.read_text("utf-8-sig").startswith("incident_ref,record_type,created_at,")
    assert "docs/reference/extracts.md, under incidents" in result.stderr and "there were none on the 3 days" in result.stderr


def test_a_filled_in_template_lands(new_home: Home) -> None:
    template = write_template(new_home, "incidents", new_home.inbox, force="derbyshire", now=NOW)
    with template.path.open("a", encoding="utf-8") as file:
        file.write("I1,ROC,2026-02-03 10:00,Drugs,,Café,\n")
    (entry,) = land_night(new_home)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 1)


def test_the_default_force_is_that_of_the_homes_files(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    first = pam("template", "crimes", "--out", tmp_path, "--home", new_home.path)
    assert "crimes__derbyshire__" in first.stdout, "the list of areas has the units of one force"
    new_home.seeds.mkdir()
    areas = "force_code,section_code,section_name,lpu_code,lpu_name\nkent,N,North,N1,Dover\nessex,N,North,N1,Harlow\n"
    (new_home.seeds / "areas.csv").write_text(areas)
    result = pam("template", "crimes", "--out", tmp_path / "t", "--home", new_home.path)
    assert result.exit_code == 1 and "whose file? Give --force: one of " in result.stderr and not (tmp_path / "t").exists()
    columns = ["order_ref", "order_date", "amount", "recipient"]
    row = ["M1", "2025-05-01", "10", "Police"]
    write_extract(new_home.inbox, "mda_orders", [row], columns=columns, force="kent")
    land_night(new_home)
    assert "crimes__kent__" in pam("template", "crimes", "--out", tmp_path, "--home", new_home.path).stdout
    write_extract(new_home.inbox, "mda_orders", [row], columns=columns, force="essex")
    land_night(new_home)
    both = pam("template", "crimes", "--out", tmp_path, "--home", new_home.path)
    assert both.exit_code == 1 and "this home has files of essex, kent" in both.stderr


def test_an_existing_file_is_not_overwritten(new_home: Home, tmp_path: Path) -> None:
    template = write_template(new_home, "crimes", tmp_path, force="derbyshire", now=NOW)
    template.path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_template(new_home, "crimes", tmp_path, force="derbyshire", now=NOW)
    assert template.path.read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("crimez",), "no contract is called 'crimez'"),
        (("crimes", "--force", "mordor"), "no force is called 'mordor'"),
        (("crimes", "--from", "2025-02-01", "--to", "2025-01-01"), "the window ends before it begins"),
        (("crimes", "--from", "0025-02-01"), "covered from: '0025-02-01' is no date there is"),
    ],
)
def test_invalid_options_are_errors(pam: Callable, tmp_path: Path, args: tuple, message: str) -> None:
    force = () if "--force" in args else ("--force", "derbyshire")
    result = pam("template", *args, *force, "--out", tmp_path / "new", "--home", tmp_path / "home")
    assert result.exit_code == (2 if "mordor" in args else 1) and message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_day_is_a_usage_error(pam: Callable) -> None:
    assert pam("template", "crimes", "--from", "2025-02-30").exit_code == 2
