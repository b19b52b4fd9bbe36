"""dbt as its own users run it: in `dbt/`, with no word of the warehouse's own command, and before there are any data.

The commands of the page are long, for dbt reads the whole project anew. In the suite test_by_hand.py runs dbt with the project
as it was read.
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

from dagster_project.core.home import PROJECT, Home
from dagster_project.transform import dbt_runner, raw_schema
from dagster_project.transform.empty_build import NO_NIGHT

from .conftest import Candidate, run_dbt


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


TOGETHER = """
import json, sys
from dbt.cli.main import dbtRunner
sys.exit(not all(dbtRunner().invoke(args).success for args in json.loads(sys.argv[1])))
"""
"""Several of dbt's commands in one process: to start dbt takes longer than they do."""
HOOK = "create or replace view {{ this.database }}.{{ this.schema }}.{{ this.identifier }}_%s as select 1 as one"
OWN = ("table", "view", "incremental")


def run(checkout: Path, commands: list[list[str]]) -> str:
    """Run dbt's commands in the clone's `dbt/`, in a process of their own. Returns what it prints; fails where one does."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PAM_", "DBT_"))}
    done = subprocess.run(
        [sys.executable, "-c", TOGETHER, json.dumps(commands)], cwd=checkout / "dbt", env=environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("model", ["mart_naloxone", "stg_naloxone", "periods"])
def test_hooks_of_a_person_s_own_run_whatever_a_model_is_made_as(
    candidate: Candidate, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As months, a view, a table."""
    config = dbt_runner.manifest().nodes[f"model.pam_warehouse.{model}"].config
    monkeypatch.setattr(config, "pre_hook", [Hook(HOOK % "before")])
    monkeypatch.setattr(config, "post_hook", [Hook(HOOK % "after")])
    run_dbt(candidate.home, "run", "-s", model)
    made = f"select view_name from duckdb_views() where view_name in ('{model}_after', '{model}_before') order by 1"
    assert candidate.execute(made) == [(f"{model}_after",), (f"{model}_before",)]


@pytest.mark.long
@pytest.mark.begin_first
def test_the_commands_for_a_dbt_user(checkout: Path) -> None:
    """As the page has them, without data; with hooks of a person's own, which run whatever a model is made as, and with models
    in dbt's own ways."""
    page = (PROJECT / "docs" / "how-to" / "run-nights.md").read_text(encoding="utf-8")
    build, *others = [line.split() for line in re.findall(r"^    dbt (.+)$", page, re.M)]
    assert [words[0] for words in (build, *others)] == ["build", "test", "docs"]
    project = checkout / "dbt" / "dbt_project.yml"
    hooks = f'models:\n  +pre-hook: "{HOOK % "before"}"\n  +post-hook: "{HOOK % "after"}"\n'
    project.write_text(project.read_text(encoding="utf-8").replace("models:\n", hooks, 1), encoding="utf-8")
    for kind in OWN:
        model = checkout / "dbt" / "models" / "bi" / f"own_{kind}.sql"
        model.write_text(f"{{{{ config(materialized='{kind}') }}}} select count(*) as n from {{{{ ref('mart_naloxone') }}}}")
    own = [f"own_{kind}" for kind in OWN]
    # `ls` comes last, so that what it lists is the end of what is printed.
    listing = ["ls", "-s", "mart_naloxone", "--resource-type", "model", "--output", "name"]
    said = run(checkout, [[*build, *own], *others, listing])
    assert "ERROR=0" in said and said.split()[-1] == "mart_naloxone"
    assert (checkout / "dbt" / "target" / "static_index.html").exists()
    with duckdb.connect(str(checkout / "var" / "candidate" / raw_schema.WAREHOUSE), read_only=True) as con:
        con.execute(f"attach '{checkout / 'var' / 'candidate' / raw_schema.WORK}' as work (read_only)")
        made = {name for (name,) in con.execute(
            "select table_name from duckdb_tables() where not internal union all"
            " select view_name from duckdb_views() where not internal"
        ).fetchall()}  # fmt: skip
        kinds = dict(con.execute("select table_name, table_type from information_schema.tables").fetchall())
    # In this order: months, a view, a table; and dbt's own.
    for model in ("mart_naloxone", "stg_naloxone", "periods", *own):
        assert {model, f"{model}_before", f"{model}_after"} <= made, model
    assert [kinds[name] for name in own] == ["BASE TABLE", "VIEW", "BASE TABLE"]
