"""The digest that says whether the parsed project and the empty build belong to this checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dagster_project.core.home import PROJECT
from dagster_project.transform import dbt_sources

DIGEST = "from dagster_project.transform.dbt_runner import project_digest; print(project_digest())"


def digest_of(checkout: Path) -> str:
    """The digest of a checkout, computed in another process."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.run(
        [sys.executable, "-c", DIGEST], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    return process.stdout


def test_a_new_checkout_keeps_its_digest_until_a_file_changes(tmp_path: Path) -> None:
    """Otherwise the first night could not use the manifest and empty build of the set-up."""
    for name in ("dagster_project", "dbt", "seeds"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("target", "__pycache__"))
    first = digest_of(tmp_path)
    assert digest_of(tmp_path) == first
    with (tmp_path / "seeds" / "measure_list.csv").open("a") as seed:
        seed.write("\n")
    assert digest_of(tmp_path) != first


def test_generated_dbt_properties_are_up_to_date() -> None:
    assert dbt_sources.PATH.read_text(encoding="utf-8") == dbt_sources.properties(), "run `pam docs` and commit what it writes"
