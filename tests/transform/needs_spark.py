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
QUICK_JAVA = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m -Xmn1g"
}
"""Settings that have Java compile less: a test's session is over before that would have paid."""
