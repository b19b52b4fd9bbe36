"""dbt as its own users run it: in `dbt/`, with no word of the warehouse's own command, and before there are any data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.transform import raw_schema
from dagster_project.transform.empty_build import NO_NIGHT

DBT = Path(sys.executable).with_name("dbt")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone without data, as the set-up leaves it."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("dbt", "seeds"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    home = Home(folder / "var")
    raw_schema.fresh_candidate(home)
    raw_schema.prepare_raw(home, "none", NO_NIGHT)
    return folder


def dbt(checkout: Path, *args: str) -> str:
    """Run dbt in the clone's `dbt/`, as a process of its own. Returns what it prints; fails where it does."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PAM_", "DBT_"))}
    done = subprocess.run(
        [DBT, *args], cwd=checkout / "dbt", env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_parse_and_list(checkout: Path) -> None:
    dbt(checkout, "parse")
    listed = dbt(checkout, "ls", "-s", "mart_naloxone", "--resource-type", "model", "--output", "name")
    assert listed.split()[-1] == "mart_naloxone"


def test_build_without_data(checkout: Path) -> None:
    said = dbt(checkout, "build", "-s", "+mart_naloxone", "--exclude", "resource_type:unit_test")
    assert "ERROR=0" in said


def test_docs(checkout: Path) -> None:
    dbt(checkout, "docs", "generate", "--static", "--empty-catalog")
    assert (checkout / "dbt" / "target" / "static_index.html").exists()
