"""The sample's night by the common way, for comparison: each step a process of its own, dbt by `DbtCliResource`.

    python -m benchmarks.common_way [--inbox FOLDER] [--out FOLDER]

The steps are those of `pam nightly`, but each process loads its libraries, and dbt parses the project and runs as a command.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import run_measured, run_night, write_results
from dagster_project.core.home import DBT_PROJECT, Home, be_quiet
from dagster_project.sample import write_sample

STEPS = {
    "landing": """
import sys
from pathlib import Path
from dagster_project.core.receipts import Night
from dagster_project.transform.raw_schema import fresh_candidate, prepare_raw
from dagster_project.contracts import load_contracts
from dagster_project.landing import find_files, land_files
from dagster_project.core.seeds import force_names
from dagster_project.core.home import Home
home = Home(Path(sys.argv[1]))
night, contracts = Night.begin(home), load_contracts()
land_files(home, contracts, find_files(Path(sys.argv[2]), contracts, force_names()), night.night_id, archive=False)
fresh_candidate(home)
prepare_raw(home, night.night_id, night.today)
""",
    "dbt": """
import sys
from pathlib import Path
from dagster_dbt import DbtCliResource
project = sys.argv[3]
executable = str(Path(sys.executable).with_name("dbt"))
dbt = DbtCliResource(project_dir=project, profiles_dir=project, dbt_executable=executable)
chosen = ["--exclude", "resource_type:unit_test resource_type:exposure"]
done = dbt.cli(["build", *chosen], target_path=Path(sys.argv[4])).wait()
assert done.is_successful()
""",
    "gate": """
import sys
from pathlib import Path
from dagster_project import public_form
from dagster_project.quality import gate
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
home = Home(Path(sys.argv[1]))
public_form.publish_public(home, read_config(home).public)
assert not gate.held_by(gate.judge(home))
""",
}


def main() -> None:
    """Measure, and print the result."""
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--inbox", type=Path, help="files in place of the sample's")
    args.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = args.parse_args()
    be_quiet()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="pam-common-way-") as folder:
        inbox, home = given.inbox or Path(folder) / "extracts", Home(Path(folder) / "home").create()
        if not given.inbox:
            write_sample(inbox)
        os.environ["PAM_CANDIDATE"] = str(home.candidate)
        for name, code in STEPS.items():
            step = [sys.executable, "-c", code, str(home.path), str(inbox), str(DBT_PROJECT), f"{folder}/target"]
            rows.append({"way": "common", "part": name, **run_measured(step)})
        rows.append({"way": "common", "part": "in all", **{k: round(sum(r[k] for r in rows), 2) for k in ("wall", "cpu")},
                     "peak": max(r["peak"] for r in rows)})  # fmt: skip
        own = Home(Path(folder) / "own").create()
        own.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
        rows.append({"way": "pam nightly", "part": "in all, published", **run_night(own, inbox)})
    write_results("common_way", rows, given.out)


if __name__ == "__main__":
    main()
