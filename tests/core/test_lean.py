"""What a night's libraries leave out is left out, and there for whoever asks."""

import subprocess
import sys

import pytest

SAID = """
from dagster_project.core.import_speed import skip_unused_imports
skip_unused_imports()
import sys
import great_expectations
print("scipy.stats._stats_py" in sys.modules, "altair.vegalite" in sys.modules)
import altair
from scipy import stats
print(altair.Chart.__name__, round(float(stats.norm.cdf(0)), 1))
"""


def test_great_expectations_loads_neither_statistics_nor_charts() -> None:
    done = subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "Chart", "0.5"]


def test_a_library_that_tries_the_unused_goes_on_without() -> None:
    with pytest.raises(ImportError):
        __import__("rfc3987_syntax")
