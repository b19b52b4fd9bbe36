"""Marks tests that need Spark, which is installed by itself and needs Java."""

import pytest

from dagster_project.transform.spark import SparkMissingError, require

try:
    require()
    LACKS = ""
    """What Spark lacks here; blank if it can run."""
except SparkMissingError as error:
    LACKS = str(error)
needs_spark = pytest.mark.skipif(bool(LACKS), reason=LACKS)
