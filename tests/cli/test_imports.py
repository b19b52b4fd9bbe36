"""What a command of `pam` imports can be the first that its process imports: the tests' process has all of it already.

With `--long` each module by itself. In the suite the first of each package: lint-imports finds the circles between packages.
"""

import subprocess
import sys

from how_often import IS_LONG

ALONE = r"""
import importlib, pathlib, re, sys
import duckdb, pydantic, typer, yaml
import dagster_project

commands = (pathlib.Path(dagster_project.__file__).parent / "cli").glob("*.py")
names = {f"dagster_project.{m}" for c in commands for m in re.findall(r"from dagster_project\.([\w.]+) import", c.read_text())}
# Packages that import none above them can stay: the first name of each imports it alone.
below = tuple(f"dagster_project.{p}" for p in ("core", "contracts", "audit"))
assert len(names) > 20, names
if not int(sys.argv[1]):
    names = {name.split(".")[1]: name for name in sorted(names, reverse=True)}.values()
for name in sorted(names):
    for loaded in [m for m in sys.modules if m.startswith("dagster_project")]:
        if name.startswith(below) or not loaded.startswith(below):
            del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
"""


def test_what_commands_begin_with_can_be_imported_first() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE, str(int(IS_LONG))], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
