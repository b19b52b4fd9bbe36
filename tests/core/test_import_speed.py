"""Imports that a night does not need are skipped, and still work where code asks for them."""

import subprocess
import sys

import pytest

SCRIPT = """
from dagster_project.core.import_speed import skip_unused_imports
skip_unused_imports()
import sys
import great_expectations
print("scipy.stats._stats_py" in sys.modules, "altair.vegalite" in sys.modules)
import altair
from scipy import stats
print(altair.Chart.__name__, round(float(stats.norm.cdf(0)), 1))
"""


def run(script: str) -> list[str]:
    """The words that a script prints in a process of its own."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.long
def test_great_expectations_does_not_load_scipy_or_altair() -> None:
    assert run(SCRIPT) == ["False", "False", "Chart", "0.5"]


def test_importing_an_unused_library_raises_import_error() -> None:
    with pytest.raises(ImportError):
        __import__("rfc3987_syntax")


@pytest.mark.long
def test_dbt_loads_without_serializers_of_classes_that_it_does_not_use() -> None:
    assert run(
        "from dagster_project.transform.dbt_runner import preload\n"
        "preload()\n"
        "from mashumaro.jsonschema.models import JSONSchema\n"
        "print(any(name.startswith('__unpack') for name in vars(JSONSchema)), JSONSchema().to_dict())"
    ) == ["False", "{}"]
