"""The sample's night by part: cold (a process of its own), without a new file, with one of the next day, and warm (the second
and third in one process).

    python -m benchmarks.small_night [--inbox FOLDER] [--warm 3] [--out FOLDER]

`--inbox`: files in place of the sample's. `--warm`: so many nights in this process.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.national import write_next_day
from benchmarks.report import options, run_night, write_results
from dagster_project.core.home import Home, be_quiet
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.core.receipts import read_receipts
from dagster_project.nights.night_run import NightRun
from dagster_project.sample import write_sample


def main() -> None:
    args = options(__doc__)
    args.add_argument("--inbox", type=Path)
    args.add_argument("--warm", type=int, default=3)
    given = args.parse_args()
    be_quiet()
    skip_unused_imports()
    collect_garbage_less()
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
        for n in range(given.warm):
            began, cpu = time.perf_counter(), time.process_time()
            run = NightRun(Home(Path(folder) / str(n)).create(), inbox)
            try:
                for step in (run.land, run.build, run.judge, run.publish):
                    step()
            finally:
                run.end()
            cost = {"wall": round(time.perf_counter() - began, 2), "cpu": round(time.process_time() - cpu, 2)}
            name = ("cold libraries", "warm", "warm again")[min(n, 2)]
            rows.append({"night": name, **cost, **read_receipts(run.home)[-1].seconds})
    write_results("small_night", rows, given.out)


if __name__ == "__main__":
    main()
