"""Running programs and writing the results of a benchmark."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.home import PROJECT


def run_measured(args: list[str], **env: str) -> dict[str, float]:
    """Run a program in a process of its own. Returns seconds (`wall`, `cpu`) and its largest size in MB (`peak`).

    Raises RuntimeError with its output if it fails.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        args, cwd=PROJECT, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        output = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode:
        raise RuntimeError(f"{' '.join(args)}: exit code {child.returncode}\n{output}")
    cpu = used.ru_utime + used.ru_stime
    return {"wall": round(wall, 2), "cpu": round(cpu, 2), "peak": round(used.ru_maxrss / 1024, 1)}


def write_results(name: str, rows: list[dict[str, Any]], folder: Path) -> None:
    """Print a table, and write `folder`/`name`.json with the rows, the machine's cores and versions."""
    columns = list(dict.fromkeys(c for row in rows for c in row))
    widths = {c: max(len(c), *(len(str(row.get(c, ""))) for row in rows)) for c in columns}
    print("  ".join(c.rjust(widths[c]) for c in columns))
    for row in rows:
        print("  ".join(str(row.get(c, "")).rjust(widths[c]) for c in columns))
    folder.mkdir(parents=True, exist_ok=True)
    results = {
        "benchmark": name, "cores": os.cpu_count(), "load_before": os.getloadavg()[0], "python": sys.version.split()[0],
        "duckdb": duckdb.__version__, "rows": rows,
    }  # fmt: skip
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1, default=str), encoding="utf-8")
