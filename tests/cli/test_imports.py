"""Each module that a command of `pam` imports can be imported first. This needs a process of its own: that of the tests has
imported them all.

`--long` tries each module by itself, the suite the first of each package: lint-imports finds cycles between packages.
"""

import subprocess
import sys

from how_often import IS_LONG

from dagster_project.cli import PANELS, _name, load_app

SCRIPT = r"""
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


def test_modules_of_commands_can_be_imported_first() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT, str(int(IS_LONG))], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


def test_each_command_is_in_the_module_that_pam_imports_for_it() -> None:
    """`pam NAME` imports that module alone."""
    app = load_app()
    found = {_name(c): c.callback.__module__ for c in app.registered_commands}
    found |= {_name(g): g.typer_instance.registered_commands[0].callback.__module__ for g in app.registered_groups}
    listed = {name: f"dagster_project.cli.{module}" for commands in PANELS.values() for name, module in commands.items()}
    assert found == listed
