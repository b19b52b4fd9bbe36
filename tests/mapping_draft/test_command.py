"""`pam map` in the terminal: what it prints and writes. It changes nothing else."""

from collections.abc import Callable
from pathlib import Path

import yaml

from dagster_project.core.home import Home

from .systems import SYSTEMS, write


def test_map_shows_columns_problems_and_figures_and_writes_the_mapping(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    system = next(s for s in SYSTEMS if s.extract == "crimes")
    path, out = write(system, tmp_path / "export"), tmp_path / "out" / "crime-book.yml"
    before = sorted(new_home.path.rglob("*"))
    result = pam("map", path, "--force", "kent", "--out", out, "--home", new_home.path)
    assert result.exit_code == 0, result.output
    assert sorted(new_home.path.rglob("*")) == before
    for text in ("CrimeNo", "HO Class + HO Sub", "decide: 1 code", "'NC-TRF' is not one of Recorded, Cancelled",
                 "Possession offences    62 (partial)", "2025", "Not stored: Offence Title, Officer"):  # fmt: skip
        assert text in result.output
    assert "Madeup" not in result.output
    mapping = yaml.safe_load(out.read_text(encoding="utf-8"))
    assert mapping["headers"]["crime_ref"] == "CrimeNo" and mapping["forces"] == ["kent"]
    again = pam("map", path, "--force", "kent", "--out", out, "--home", new_home.path)
    assert again.exit_code == 1 and "name another with --out" in again.output
    assert pam("map", path, "--out", tmp_path, "--home", new_home.path).exit_code == 2, "a folder is not to be removed"
    # Refused after its rows were counted: to show how many land ended with an error of Python.
    path.with_name(f"{path.name}.manifest.json").write_text('{"rows": 3}', encoding="utf-8")
    refused = pam("map", path, "--force", "kent", "--out", tmp_path / "other.yml", "--home", new_home.path)
    assert refused.exit_code == 0 and "would be refused: manifest: says 3 rows" in refused.output, refused.output


def test_map_says_what_it_wrote_even_if_the_figures_fail(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    (new_home.path / "pam.toml").write_text("nothing", encoding="utf-8")
    system = next(s for s in SYSTEMS if s.extract == "naloxone")
    out = tmp_path / "kit.yml"
    result = pam("map", write(system, tmp_path), "--force", "kent", "--out", out, "--home", new_home.path)
    assert result.exit_code == 1 and "pam.toml" in result.stderr
    assert out.exists() and f"{out} written" in result.stdout


def test_map_without_a_force_asks_for_one(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    system = next(s for s in SYSTEMS if s.extract == "naloxone")
    out = tmp_path / "kit.yml"
    path = write(system, tmp_path)
    result = pam("map", path, "--extract", " Nalox", "--out", out, "--home", new_home.path)
    assert result.exit_code == 1 and "'nalox'" in result.stderr and not out.exists(), result.stderr
    result = pam("map", path, "--out", out, "--home", new_home.path)
    assert result.exit_code == 0 and "give --force" in result.output
    text = out.read_text(encoding="utf-8")
    assert "# forces: []  # ?" in text and "files" not in yaml.safe_load(text)


def test_new_home_made_for_a_draft_is_for_its_owner_only(pam: Callable, tmp_path: Path) -> None:
    """No night runs in a home that others may enter."""
    system = next(s for s in SYSTEMS if s.extract == "naloxone")
    home = Home(tmp_path / "new" / "home")
    result = pam("map", write(system, tmp_path), "--out", home.mappings / "kit.yml", "--home", home.path)
    assert result.exit_code == 0, result.output
    assert {p.stat().st_mode & 0o777 for p in (home.path, home.mappings, home.inbox)} == {0o700}
    assert "then try it with `pam inspect`" in result.stderr, "the draft is in the mappings folder already"
    again = pam("map", tmp_path / system.file, "--out", tmp_path / "kit.yml", "--home", home.path)
    assert f"then put it in {home.mappings}" in again.stderr
