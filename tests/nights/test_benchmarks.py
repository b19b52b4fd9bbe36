"""Every benchmark can be imported, and runs at its smallest size.

Not here: `dashboard` and `publishes`, which tests/reporting/dashboard/test_speed_and_memory.py and
tests/publishing/postgres/test_swap.py run; `bare_script`, which `whole_night` runs; `side_by_side`, which needs SQLMesh.
"""

import contextlib
import importlib
import io
import json
import sys
import time
from pathlib import Path

import pytest
from support import write_extract
from typer.testing import CliRunner

from benchmarks import report
from dagster_project.cli import load_app
from dagster_project.core.home import PROJECT
from dagster_project.quality import engine

pytestmark = pytest.mark.begin_first

IN_TEMPORARY = ("--out", "{folder}/results")
SMALL = ("--rows", "0.002", "--work", "{folder}", *IN_TEMPORARY)
ONE_EXTRACT = ("--extracts", "crimes", *SMALL)
ONE_FILE = ("--inbox", "{folder}/extracts", *IN_TEMPORARY)
SMALLEST = {
    "hundred_nights": ("--nights", "2", *ONE_EXTRACT),
    "national": ("{folder}/national", "--forces", "derbyshire", "--scale", "0.02"),
    "reads": ("--home", "{home}", "--rounds", "1", *IN_TEMPORARY),
    "small_night": (*ONE_FILE, "--warm", "1"),
    "whole_night": ("--years", "1", *ONE_EXTRACT),
}

MODULES = sorted(p.stem for p in (PROJECT / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_every_benchmark_can_be_imported(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")


def run_here(args: list[str], **env: str) -> tuple[float, int]:
    """`report.run_program` in this process: loading what a night needs takes longer than the smallest night."""
    program, *words = args
    began = time.process_time()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        for name, value in env.items():
            patch.setenv(name, value)
        if Path(program).name == "pam":
            engine.preload()
            done = CliRunner().invoke(load_app(), words)
            assert done.exit_code == 0, done.output
        elif words[0] == "-m":
            patch.setattr(sys, "argv", words[1:])
            importlib.import_module(words[1]).main()
        else:
            patch.setattr(sys, "argv", ["-c", *words[2:]])
            exec(words[1], {"__name__": "__main__"})
    return time.process_time() - began, 1024


def test_a_program_is_measured_and_its_failure_reported() -> None:
    measured = report.run_measured([sys.executable, "-c", "x = b'x' * 50_000_000; print(sum(x))"])
    assert measured["wall"] > 0 and measured["cpu"] > 0.1 and measured["peak"] > 50
    # This process is larger.
    assert report.run_measured(["/bin/true"])["peak"] < 50
    with pytest.raises(RuntimeError, match=r"exit code 3\n(said\nwrong|wrong\nsaid)"):
        report.run_program([sys.executable, "-c", "import sys; print('said'); print('wrong', file=sys.stderr); sys.exit(3)"])


@pytest.mark.parametrize("name", SMALLEST)
def test_a_benchmark_runs_at_its_smallest_size(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"order_ref": "M1", "order_date": "2025-05-01", "amount": "10", "recipient": "Police"}
    write_extract(tmp_path / "extracts", "mda_orders", [row])
    home = request.getfixturevalue("week").path if name == "reads" else ""
    words = [a.format(folder=tmp_path, home=home) for a in SMALLEST[name]]
    monkeypatch.setattr(report, "run_program", run_here)
    monkeypatch.setattr(sys, "argv", [name, *words])
    # `reads` ends with 1 where a busy machine takes more than 10 ms.
    assert importlib.import_module(f"benchmarks.{name}").main() in (None, 0, 1 if name == "reads" else 0)
    if IN_TEMPORARY[0] in words:
        (written,) = (tmp_path / "results").glob("*.json")
        assert json.loads(written.read_text())["rows"]
