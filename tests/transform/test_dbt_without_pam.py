"""dbt as its own users run it: in `dbt/`, without the command `pam`, and before there are any data.

The commands of the page take long, as dbt parses the whole project again. In the suite test_pam_dbt.py runs dbt with the parsed
project.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt.artifacts.resources import Hook

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.home import PROJECT, Home
from dagster_project.transform import dbt_runner, raw_schema
from dagster_project.transform.empty_build import NO_NIGHT

from .conftest import Candidate, run_dbt


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone without data, as after the set-up."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("dbt", "seeds"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    home = Home(folder / "var")
    raw_schema.fresh_candidate(home)
    raw_schema.prepare_raw(home, "none", NO_NIGHT)
    return folder


RUN_COMMANDS = """
import json, sys
from dbt.cli.main import dbtRunner
sys.exit(not all(dbtRunner().invoke(args).success for args in json.loads(sys.argv[1])))
"""
"""Runs several dbt commands in one process: dbt takes longer to start than to run them."""
HOOK = "create or replace view {{ this.database }}.{{ this.schema }}.{{ this.identifier }}_%s as select 1 as one"
MATERIALIZATIONS = ("table", "view", "incremental")


def run(checkout: Path, commands: list[list[str]]) -> str:
    """Run dbt commands in the clone's `dbt/`, in their own process. Returns its output; fails if one of them fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PAM_", "DBT_"))}
    process = subprocess.run(
        [sys.executable, "-c", RUN_COMMANDS, json.dumps(commands)], cwd=checkout / "dbt", env=environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    return process.stdout


@pytest.mark.parametrize("model", ["mart_naloxone", "stg_naloxone", "periods"])
def test_own_hooks_run_for_every_materialization(candidate: Candidate, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of months, a view and a table."""
    config = dbt_runner.manifest().nodes[f"model.pam_warehouse.{model}"].config
    monkeypatch.setattr(config, "pre_hook", [Hook(HOOK % "before")])
    monkeypatch.setattr(config, "post_hook", [Hook(HOOK % "after")])
    run_dbt(candidate.home, "run", "-s", model)
    views = f"select view_name from duckdb_views() where view_name in ('{model}_after', '{model}_before') order by 1"
    assert candidate.execute(views) == [(f"{model}_after",), (f"{model}_before",)]


@pytest.mark.long
@pytest.mark.begin_first
def test_the_commands_for_a_dbt_user(checkout: Path) -> None:
    """As the page prints them, without data; with own hooks, which run for every materialization, and with models of dbt's own
    materializations."""
    page = (PROJECT / "docs" / "how-to" / "run-nights.md").read_text(encoding="utf-8")
    build, *others = [line.split() for line in re.findall(r"^    dbt (.+)$", page, re.M)]
    assert [words[0] for words in (build, *others)] == ["build", "test", "docs"]
    project = checkout / "dbt" / "dbt_project.yml"
    hooks = f'models:\n  +pre-hook: "{HOOK % "before"}"\n  +post-hook: "{HOOK % "after"}"\n'
    project.write_text(project.read_text(encoding="utf-8").replace("models:\n", hooks, 1), encoding="utf-8")
    for kind in MATERIALIZATIONS:
        model = checkout / "dbt" / "models" / "bi" / f"own_{kind}.sql"
        model.write_text(f"{{{{ config(materialized='{kind}') }}}} select count(*) as n from {{{{ ref('mart_naloxone') }}}}")
    own = [f"own_{kind}" for kind in MATERIALIZATIONS]
    # `ls` comes last, so that its list ends the output.
    listing = ["ls", "-s", "mart_naloxone", "--resource-type", "model", "--output", "name"]
    output = run(checkout, [[*build, *own], *others, listing])
    assert "ERROR=0" in output and output.split()[-1] == "mart_naloxone"
    assert "Nothing to do" not in output
    assert (checkout / "dbt" / "target" / "static_index.html").exists()
    with duckdb.connect(str(checkout / "var" / "candidate" / WAREHOUSE), read_only=True) as con:
        con.execute(f"attach '{checkout / 'var' / 'candidate' / WORK}' as work (read_only)")
        relations = {name for (name,) in con.execute(
            "select table_name from duckdb_tables() where not internal union all"
            " select view_name from duckdb_views() where not internal"
        ).fetchall()}  # fmt: skip
        kinds = dict(con.execute("select table_name, table_type from information_schema.tables").fetchall())
    # In this order: months, a view, a table; and those of dbt's own materializations.
    for model in ("mart_naloxone", "stg_naloxone", "periods", *own):
        assert {model, f"{model}_before", f"{model}_after"} <= relations, model
    assert [kinds[name] for name in own] == ["BASE TABLE", "VIEW", "BASE TABLE"]
