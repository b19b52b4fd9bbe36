"""What says whether the parsed project and the empty build are of this checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dagster_project.core.home import PROJECT
from dagster_project.transform import dbt_sources

STAMP = "from dagster_project.transform.dbt_runner import project_stamp; print(project_stamp())"


def stamp_of(checkout: Path) -> str:
    """The stamp as a process of its own finds it there."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    said = subprocess.run(
        [sys.executable, "-c", STAMP], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    return said.stdout


def test_a_checkout_that_was_never_used_has_the_stamp_that_it_keeps(tmp_path: Path) -> None:
    """Else what the set-up parses and lays would be of no use to the first night."""
    for name in ("dagster_project", "dbt", "seeds"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("target", "__pycache__")
        )
    first = stamp_of(tmp_path)
    assert stamp_of(tmp_path) == first
    with (tmp_path / "seeds" / "measure_list.csv").open("a") as seed:
        seed.write("\n")
    assert stamp_of(tmp_path) != first


def test_what_follows_from_the_contracts_is_committed() -> None:
    assert dbt_sources.PATH.read_text(encoding="utf-8") == dbt_sources.properties(), "run `pam docs` and commit what it writes"
