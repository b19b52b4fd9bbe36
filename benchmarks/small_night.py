"""The sample's night by part: cold (a process of its own), without a new file, with one of the next day, and warm (the second
and third in one process).

    python -m benchmarks.small_night [--inbox FOLDER] [--warm 3] [--out FOLDER]

`--inbox`: files in place of the sample's. `--warm`: so many nights in one process.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.national import write_next_day
from benchmarks.report import options, run_night, run_program, write_results
from dagster_project.core.home import Home, be_quiet
from dagster_project.core.receipts import read_receipts
from dagster_project.sample import write_sample

WARM = """
import json, os, sys, time
from pathlib import Path
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.core.home import Home, be_quiet
be_quiet(); skip_unused_imports(); collect_garbage_less()
def cpu(): return sum(os.times()[:2])
t, c = time.perf_counter(), cpu()
from dagster_project.definitions import build_defs
import great_expectations
print(json.dumps({"part": "imports", "wall": time.perf_counter() - t, "cpu": cpu() - c}))
from dagster_project.nights.run import NightRun
for n in range(int(sys.argv[3])):
    home = Home(Path(sys.argv[2]) / str(n)).create()
    run, t, c = NightRun(home, Path(sys.argv[1])), time.perf_counter(), cpu()
    try:
        run.land(); run.build(); run.judge(); run.publish()
    finally:
        run.end()
    print(json.dumps({"night": ("cold libraries", "warm", "warm again")[min(n, 2)], "wall": time.perf_counter() - t,
                      "cpu": cpu() - c, "nodes": len(run.built.new_nodes), **run.receipt.seconds}))
"""


def main() -> None:
    """Measure, and print the result."""
    args = options(__doc__)
    args.add_argument("--inbox", type=Path)
    args.add_argument("--warm", type=int, default=3)
    given = args.parse_args()
    be_quiet()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="pam-benchmark-", dir=given.work) as folder:
        inbox, home = given.inbox or Path(folder) / "extracts", Home(Path(folder) / "home")
        if not given.inbox:
            write_sample(inbox)
        for name in ("cold", "no new file"):
            rows.append({"night": name, **run_night(home, inbox), **read_receipts(home)[-1].seconds})
        write_next_day(Path(folder) / "next", ["derbyshire"], only=["incidents"])
        rows.append({"night": "next day", **run_night(home, Path(folder) / "next"), **read_receipts(home)[-1].seconds})
        shutil.rmtree(home.path)
        rows.append({"night": "cold, rebuild", **run_night(home, inbox, "--rebuild"), **read_receipts(home)[-1].seconds})
        printed, _, _ = run_program([sys.executable, "-c", WARM, str(inbox), folder, str(given.warm)])
        for line in printed.splitlines():
            row = {k: round(v, 2) if isinstance(v, float) else v for k, v in json.loads(line).items()}
            rows.append({"night": row.pop("part", None) or row.pop("night"), **row})
    write_results("small_night", rows, given.out)


if __name__ == "__main__":
    main()
