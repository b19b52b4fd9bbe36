"""The sample's night by part: cold (a process of its own), without a new file, with one of the next day, and warm (the second
and third in one process).

    python -m benchmarks.small_night [--out FOLDER]
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import run_measured, write_results
from dagster_project.core.home import PROJECT, Home, be_quiet
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
for n in range(3):
    home = Home(Path(sys.argv[2]) / str(n)).create()
    run, t, c = NightRun(home, Path(sys.argv[1])), time.perf_counter(), cpu()
    try:
        run.land(); run.build(); run.judge(); run.publish()
    finally:
        run.end()
    print(json.dumps({"night": ["cold libraries", "warm", "warm again"][n], "wall": time.perf_counter() - t, "cpu": cpu() - c,
                      "nodes": len(run.built.new_nodes), **run.receipt.seconds}))
"""


def _write_next_day(folder: Path) -> None:
    """One file of one day, after those of the sample."""
    folder.mkdir()
    lines = [f"SAMPLE-INC-9{n:05d},2026-01-01T{n:02d}:10:00,INCIDENT,Drugs,,101,Amber Valley\n" for n in range(24)]
    header = "incident_ref,created_at,record_type,qualifiers,grade,channel,lpu\n"
    path = folder / "incidents__derbyshire__2026-01-01__2026-01-01__20260106T020000Z.csv"
    path.write_text(header + "".join(lines), encoding="utf-8")


def main() -> None:
    """Measure, and print the result."""
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    out = args.parse_args().out
    be_quiet()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="pam-benchmark-") as folder:
        inbox, home = Path(folder) / "extracts", Home(Path(folder) / "home")
        inbox.mkdir()
        write_sample(inbox)
        program = str(Path(sys.executable).with_name("pam"))
        pam = [program, "nightly", "--quiet", "--home", str(home.path), "--inbox", str(inbox)]
        for name in ("cold", "no new file"):
            found = run_measured(pam)
            rows.append({"night": name, **found, **read_receipts(home)[-1].seconds})
        _write_next_day(Path(folder) / "next")
        found = run_measured([*pam[:-1], str(Path(folder) / "next")])
        rows.append({"night": "next day", **found, **read_receipts(home)[-1].seconds})
        shutil.rmtree(home.path)
        rows.append({"night": "cold, rebuild", **run_measured([*pam, "--rebuild"]), **read_receipts(home)[-1].seconds})
        warm = subprocess.run(
            [sys.executable, "-c", WARM, str(inbox), folder], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True
        )
        for line in warm.stdout.splitlines():
            row = {k: round(v, 2) if isinstance(v, float) else v for k, v in json.loads(line).items()}
            rows.append({"night": row.pop("part", None) or row.pop("night"), **row})
    write_results("small_night", rows, out)


if __name__ == "__main__":
    main()
