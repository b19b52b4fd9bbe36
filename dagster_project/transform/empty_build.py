"""The empty build: a candidate without rows, with seeds, views, lists and empty marts. It is built once for each version of the
project, stored with dbt's manifest, and copied if a night has nothing else to start from. That saves most of dbt's nodes.
"""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.files import write_for_all
from dagster_project.core.home import Home, be_quiet
from dagster_project.core.import_speed import skip_unused_imports
from dagster_project.core.published_file import sha256_of

from .dbt_runner import TARGET, Node, build, project_version
from .raw_schema import empty_candidate, fresh_candidate, prepare_raw

FOLDER = TARGET / "pam_empty_build"
NO_NIGHT = date(2000, 1, 1)


def make(version: str) -> bool:
    """Make the empty build of a project version, if there is none yet. Returns whether there is one now.

    False if a node fails, or the checkout can't be written.
    """
    if read(version) is not None:
        return True
    with tempfile.TemporaryDirectory(prefix="pam-empty-build-") as folder, suppress(OSError):
        home = Home(Path(folder) / "home").create()
        nodes = build_on_nothing(home)
        if not nodes or not all(n.ok for n in nodes):
            return False
        (FOLDER / "made.json").unlink(missing_ok=True)
        for name in (WORK, WAREHOUSE):
            write_for_all(FOLDER / name, (home.candidate / name).read_bytes())
        made = {"version": version, "sha256": _digests(), "nodes": [asdict(n) for n in nodes]}
        write_for_all(FOLDER / "made.json", json.dumps(made).encode("utf-8"))
    return read(version) is not None


def build_on_nothing(home: Home) -> list[Node]:
    """Build the candidate of a home without files, and drop its `raw`. Returns every node's outcome."""
    fresh_candidate(home)
    prepare_raw(home, "none", NO_NIGHT)
    nodes = build(home)
    with duckdb.connect(str(home.candidate / WORK)) as con:
        con.execute("drop schema if exists raw cascade")
        con.execute("checkpoint")
    return nodes


def read(version: str) -> list[Node] | None:
    """The node outcomes of the empty build; None if there is none of this version, or its files were changed."""
    try:
        made: dict[str, Any] = json.loads((FOLDER / "made.json").read_text(encoding="utf-8"))
        if made["version"] == version and made["sha256"] == _digests():
            return [Node(**n) for n in made["nodes"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return None


def copy_to(home: Home) -> None:
    """Copy the empty build to the home's candidate. Raises OSError."""
    empty_candidate(home)
    for name in (WORK, WAREHOUSE):
        shutil.copyfile(FOLDER / name, home.candidate / name)
        os.chmod(home.candidate / name, 0o600)


def _digests() -> list[str]:
    return [sha256_of(FOLDER / name) for name in (WORK, WAREHOUSE)]


def main() -> None:
    """Make the empty build of this checkout: `python -m dagster_project.transform.empty_build`, which the set-up runs."""
    be_quiet()
    skip_unused_imports()
    make(project_version())
    home = Home.of()
    if not (home.candidate / WORK).exists():
        # So that plain dbt has something to build in before there is any data.
        fresh_candidate(home)
        prepare_raw(home, "none", NO_NIGHT)


if __name__ == "__main__":
    main()
