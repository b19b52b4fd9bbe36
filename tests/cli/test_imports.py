"""What a command of `pam` imports can be the first that its process imports: the tests' process has all of it already."""

import subprocess
import sys

ALONE = r"""
import importlib, pathlib, re, sys
import duckdb, pydantic, typer, yaml
import dagster_project

commands = (pathlib.Path(dagster_project.__file__).parent / "cli").glob("*.py")
names = {f"dagster_project.{m}" for c in commands for m in re.findall(r"from dagster_project\.([\w.]+) import", c.read_text())}
# Packages that import none above them can stay: the first name of each imports it alone.
below = tuple(f"dagster_project.{p}" for p in ("core", "contracts", "audit"))
for name in sorted(names):
    for loaded in [m for m in sys.modules if m.startswith("dagster_project")]:
        if name.startswith(below) or not loaded.startswith(below):
            del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
assert len(names) > 20, names
"""


def test_what_commands_begin_with_can_be_imported_first() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
