"""Benchmarks: all of them import what is there, and with `--long` each runs at its smallest size.

Not here: `dashboard` and `publishes`, which tests/reporting/dashboard/test_size.py and tests/publishing/postgres/test_swap.py
run; `bare_script`, which `whole_night` runs; `reads_postgres`, which needs a server; `side_by_side` and
`superset_chart`, which need SQLMesh and Superset.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import how_often
import pytest

from dagster_project import audit
from dagster_project.core.home import PROJECT, Home

IN_TEMPORARY = ("--out", "{folder}/results")
SMALLEST = {
    "common_way": IN_TEMPORARY,
    "control_charts": ("--series", "60", "--compared", "6", *IN_TEMPORARY),
    "delta_night": ("--years", "1", "--rows", "0.02", "--work", "{folder}", *IN_TEMPORARY),
    "hundred_nights": ("--nights", "2", "--rows", "0.02", "--work", "{folder}", *IN_TEMPORARY),
    "national": ("{folder}/national", "--forces", "derbyshire", "--scale", "0.02"),
    "one_extract": ("--rows", "0.02", "--work", "{folder}", *IN_TEMPORARY),
    "privacy": ("--rows", "1000", "--repeats", "1"),
    "reads": ("--home", "{home}", "--rounds", "1"),
    "small_night": IN_TEMPORARY,
    "whole_night": ("--rows", "0.02", "--work", "{folder}", *IN_TEMPORARY),
}


MODULES = sorted(p.stem for p in (PROJECT / "benchmarks").glob("[!_]*.py") if p.stem != "superset_chart")


@pytest.mark.parametrize("name", MODULES)
def test_what_a_benchmark_imports_is_there(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")


def test_what_is_switched_off_is_there(new_home: Home) -> None:
    """The record among it: none is written."""
    from benchmarks.privacy import switched_off

    with switched_off():
        audit.record(new_home, "alteration", what="x")
        with audit.record_first(new_home, [("alteration", {"what": "x"})], is_done=lambda: True):
            pass
    assert [*audit.read_log(new_home)] == []


@pytest.mark.skipif(not how_often.IS_LONG, reason="each takes a minute or more: with --long")
@pytest.mark.parametrize("name", SMALLEST)
def test_a_benchmark_runs_at_its_smallest_size(name: str, sample_home: Home, tmp_path: Path) -> None:
    arguments = [a.format(folder=tmp_path, home=sample_home.path) for a in SMALLEST[name]]
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=PROJECT, env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # `reads` exits with 1 where a busy machine takes more than 10 ms.
    assert "Traceback" not in done.stderr and done.returncode in (0, 1 if name == "reads" else 0), done.stderr[-2000:]
