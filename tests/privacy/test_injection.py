"""Injection by a hostile file: formulas in cells, paths or SQL in names, YAML that runs code. And secrets in messages."""

import ast
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from support import land_night

from dagster_project.core import yaml_io
from dagster_project.core.cell_text import escape_formula
from dagster_project.core.home import PROJECT, Home
from dagster_project.landing import read_ledger
from dagster_project.landing.mappings.mappings import _Loader
from dagster_project.landing.storage.quarantine_export import export
from dagster_project.serving import write_result

FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "\uff1d1+1", "\n=1",
]  # fmt: skip
UNSAFE = ("load", "load_all", "unsafe_load", "full_load", "Loader", "UnsafeLoader", "FullLoader")
HARMLESS = [
    "-12.5", "+44", "-1,234.50", "1e-5", "-5%", "drugs", "", "a=b", "2025-03-01", "'=1", -12.5, Decimal("-0.1"), -3, None,
]  # fmt: skip


@pytest.mark.parametrize("value", FORMULAS)
def test_a_formula_is_text_in_every_export(value: str, tmp_path: Path) -> None:
    assert escape_formula(value) == f"'{value}"
    out = io.StringIO()
    write_result([value], [[value, -12.5]], "csv", out)
    header, line = out.getvalue().split("\n", 1)[0], out.getvalue()
    assert header.lstrip('"').startswith("'") and ",-12.5\n" in line and f"'{value[:4]}" in line.replace('""', '"')
    (path,) = export(tmp_path, {("crimes", "derbyshire"): [("crimes", "derbyshire", "f.csv", 2, "r", value, None)]})
    assert f"'{value[:4]}".encode() in path.read_bytes()


@pytest.mark.parametrize("value", HARMLESS)
def test_numbers_and_other_text_stay_unchanged(value: object) -> None:
    assert escape_formula(value) is value


def test_file_names_can_t_reach_other_folders_or_sql(new_home: Home) -> None:
    """Files with hostile names are refused and listed in the ledger. Nothing is written or changed outside the home."""
    stem = "__2025-01-01__2025-12-31__20260105T020000Z.csv"
    names = [
        "%2E%2E%2Fevil.csv", f"crimes__..{stem}", f"crimes__derbyshire'; drop table x; --{stem}", f"crimes..__derbyshire{stem}",
        f"crimes__$(touch evil){stem}", f"crimes__derbyshire{stem}.csv",
    ]  # fmt: skip
    for name in names:
        (new_home.inbox / name).write_text("crime_ref,recorded_on\nC1,2025-01-01\n", encoding="utf-8")
    outside = new_home.path.parent / "outside.csv"
    outside.write_text("secret", encoding="utf-8")
    (new_home.inbox / f"incidents__derbyshire{stem}").symlink_to(outside)
    before = {p for p in new_home.path.parent.rglob("*") if new_home.path not in p.parents}
    entries = land_night(new_home)
    assert {e.outcome for e in entries} == {"refused"} and len(read_ledger(new_home)) == len(names) + 1
    assert {p for p in new_home.path.parent.rglob("*") if new_home.path not in p.parents} == before
    assert outside.read_text(encoding="utf-8") == "secret"
    assert not [*new_home.raw.rglob("*.parquet")]


def test_yaml_is_read_safely_everywhere() -> None:
    """`yaml.load` and similar calls can run code in a file. Only two modules may use `load`, and both have safe loaders."""
    assert issubclass(_Loader, yaml.SafeLoader) and issubclass(yaml_io._Loader, yaml.constructor.SafeConstructor)
    for path in (PROJECT / "dagster_project").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yaml":
                assert node.attr not in UNSAFE or (path.name in ("mappings.py", "yaml_io.py") and node.attr == "load"), path


def test_a_mapping_that_would_run_code_is_not_run(new_home: Home, tmp_path: Path, pam: Callable) -> None:
    (new_home.mappings / "evil.yml").write_text(f"!!python/object/apply:os.system ['touch {tmp_path}/ran']\n", encoding="utf-8")
    assert pam("status", "--home", new_home.path).exit_code in (0, 1)
    (new_home.inbox / "crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.csv").write_text("a\n1\n", encoding="utf-8")
    land_night(new_home)
    assert not (tmp_path / "ran").exists()


def test_settings_as_text_show_no_secrets(monkeypatch: pytest.MonkeyPatch, new_home: Home) -> None:
    """Neither a key nor a webhook's address is in the text of the settings."""
    from dagster_project.core.config import read_config
    from dagster_project.landing.rows.pseudonyms import read_or_make_key

    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "s3cret-key")
    hook = 'shape = "slack"\nurl = "https://hooks.example/s3cret"\n'
    new_home.config_file.write_text(f"[[alerts.webhooks]]\n{hook}", encoding="utf-8")
    assert "s3cret" not in f"{read_or_make_key(new_home, None)!r} {read_config(new_home)!r} {read_config(new_home)}"
