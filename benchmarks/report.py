"""What benchmarks share: their options, running programs, writing the results."""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.home import PROJECT, Home


def options(about: str | None) -> argparse.ArgumentParser:
    """A parser for a benchmark with this docstring. It knows `--work`, where temporary folders are made, and `--out`."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--work", type=_folder, help="where temporary folders are made")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser


def _folder(path: str) -> Path:
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_night(home: Home, inbox: Path, *options: str) -> dict[str, float]:
    """Run `pam nightly` on the files of a folder, as `run_measured` does."""
    age_files(inbox)
    pam = str(Path(sys.executable).with_name("pam"))
    return run_measured([pam, "nightly", "--quiet", "--home", str(home.path), "--inbox", str(inbox), *options])


def age_files(inbox: Path) -> None:
    """Make files that were just written a minute older: those that systems drop are, and a night waits until all are a second
    old. Files that a night has seen keep their time, by which the next one knows them."""
    now = time.time()
    for path in inbox.iterdir():
        if (written := path.stat().st_mtime) > now - 60:
            os.utime(path, (written - 60, written - 60))


def run_measured(args: list[str], **env: str) -> dict[str, float]:
    """Run a program, as `run_program` does. Returns seconds (`wall`, `cpu`) and its largest size in MB (`peak`)."""
    started = time.perf_counter()
    cpu, peak = run_program(args, **env)
    return {"wall": round(time.perf_counter() - started, 2), "cpu": round(cpu, 2), "peak": round(peak / 1024, 1)}


MEASURED = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
os.write(int(sys.argv[1]), f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""
"""Runs a program and writes what it used to a pipe. Linux counts what a process held before it became the program: started by a
benchmark that has just compared figures, a small program would seem to be as large."""


def run_program(args: list[str], **env: str) -> tuple[float, int]:
    """Run a program in a process of its own. Returns its processor seconds, and its largest size in KiB (9,000 at least).

    Raises RuntimeError with what it prints if it fails.
    """
    reading, writing = os.pipe()
    measured = [sys.executable, "-I", "-S", "-c", MEASURED, str(writing), *args]
    with open(reading, encoding="utf-8") as facts:
        done = subprocess.run(
            measured, cwd=PROJECT, env=os.environ | env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=[writing], check=False,
        )  # fmt: skip
        os.close(writing)
        if done.returncode:
            raise RuntimeError(f"{' '.join(args)}: exit code {done.returncode}\n{done.stdout}")
        cpu, peak = facts.read().split()
    return float(cpu), int(peak)


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
