"""The commands that the how-to page gives a Dagster user, as they stand there, on a new home."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import read_ledger

PAGE = PROJECT / "docs" / "how-to" / "run-nights.md"


DG = shutil.which("dg", path=Path(sys.executable).parent) or shutil.which("dg")


@pytest.mark.skipif(DG is None, reason="no `dg` here: `python3 bootstrap.py setup` installs it")
def test_dg_loads_what_dagster_loads(new_home: Home) -> None:
    environment = {**os.environ, "PAM_HOME": str(new_home.path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    said = {}
    for command in (("check", "defs"), ("list", "defs", "--json")):
        done = subprocess.run([DG, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        said[command[0]] = done.stdout
    assert "All definitions loaded successfully" in said["check"]
    listed = json.loads(said["list"])
    assert {"inbox/crimes", "marts/mart_naloxone", "published/report"} <= {a["asset_key"] for a in listed["assets"]}
    assert "nightly" in {j["name"] for j in listed["jobs"]}


def test_the_commands_for_a_dagster_user(new_home: Home, tmp_path: Path) -> None:
    commands = re.findall(r"^    dagster (.+)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(commands) == 3
    (new_home.inbox / "crimes.docx").write_bytes(b"of no extract: it stays")
    folder = tmp_path / "dagster"
    folder.mkdir()
    environment = {**os.environ, "PAM_HOME": str(new_home.path), "DAGSTER_HOME": str(folder)}
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "dagster", *command.split()], cwd=PROJECT, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr[-2000:])
    assert "nothing: no night is published yet" in done.stderr + done.stdout
    assert read_receipts(new_home) == [] == read_ledger(new_home) and len(list(new_home.inbox.iterdir())) == 1
