"""Marks tests that need Spark, which is installed separately and needs Java."""

import pytest

from dagster_project.transform.spark import SparkMissingError, require

try:
    require()
    WHY_NO_SPARK = ""
    """Why Spark can't run here; blank if it can."""
except SparkMissingError as error:
    WHY_NO_SPARK = str(error)
needs_spark = pytest.mark.skipif(bool(WHY_NO_SPARK), reason=WHY_NO_SPARK)
QUICK_JAVA = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m -Xmn1g"
    " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
}
"""Settings that make Java compile less, and not verify Spark: the session of a test is too short for that to save time."""
