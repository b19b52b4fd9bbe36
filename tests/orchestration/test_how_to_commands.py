"""The commands that the how-to page gives a Dagster user, run as written on a new home.

The short suite covers them in this process: test_graph.py loads the definitions, test_selected_assets.py materializes
selected assets.
"""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import read_ledger

PAGE = PROJECT / "docs" / "how-to" / "run-nights.md"
COMMANDS = """
import importlib, json, shlex, sys
for line in json.loads(sys.argv[1]):
    program, *words = shlex.split(line)
    print("$", line, flush=True)
    module = {"dagster": "dagster._cli", "dg": "dagster_dg_cli.cli"}[program]
    try:
        importlib.import_module(module).cli.main(words, prog_name=program)
    except SystemExit as end:
        if end.code:
            raise
"""
"""Runs Dagster's commands in one process, as their programs do: loading what the warehouse needs takes most of the time."""


def run(commands: list[str], **environment: object) -> tuple[dict[str, str], str]:
    """What each command prints, and what is logged. All of them succeed."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1", **{k: str(v) for k, v in environment.items()}},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    printed = (output.partition("\n") for output in done.stdout.removeprefix("$ ").split("\n$ "))
    return {command: rest for command, _, rest in printed}, done.stderr


@pytest.mark.long
def test_the_commands_for_a_dagster_user(new_home: Home, tmp_path: Path) -> None:
    commands = re.findall(r"^    (dagster .+)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(commands) == 3
    has_dg = find_spec("dagster_dg_cli") is not None
    # First, as the others log to where these print.
    dg_commands = ["dg list defs --json", "dg check defs"] if has_dg else []
    (new_home.inbox / "crimes.docx").write_bytes(b"of no extract: it stays")
    folder = tmp_path / "dagster"
    folder.mkdir()
    printed, logged = run([*dg_commands, *commands], PAM_HOME=new_home.path, DAGSTER_HOME=folder)
    assert "nothing: no night is published yet" in logged + printed[commands[2]]
    assert read_receipts(new_home) == [] == read_ledger(new_home) and len(list(new_home.inbox.iterdir())) == 1
    if not has_dg:
        pytest.skip("no `dg` here: `python3 bootstrap.py setup` installs it")
    assert "All definitions loaded successfully" in printed["dg check defs"]
    listed = json.loads(printed["dg list defs --json"])
    assert {"inbox/crimes", "marts/mart_naloxone", "published/report"} <= {a["asset_key"] for a in listed["assets"]}
    assert "nightly" in {j["name"] for j in listed["jobs"]}
