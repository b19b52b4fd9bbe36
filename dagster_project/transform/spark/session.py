"""A Spark session for one night: its settings, its folder in the home, and how it is stopped."""

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.core.config import Spark
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.import_speed import allow_import
from dagster_project.core.memory import megabytes, memory_limit

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = 17
"""The oldest Java that pyspark 4 runs on."""

MINIMUM_MEGABYTES = 512
"""What Spark's Java needs."""

JAVA_OPTIONS = "spark.driver.extraJavaOptions"
LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = Spark: %p %c{1}: %m%n%ex{short}
"""


class SparkMissingError(PamError, RuntimeError):
    """Something that Spark needs is not installed. The message says how to install it."""


def require() -> None:
    """Raise SparkMissingError if dbt-spark, pyspark or Java is missing."""
    if not (PathFinder.find_spec("pyspark") and find_spec("dbt.adapters.spark")):
        raise SparkMissingError(
            "the engine spark needs dbt-spark and pyspark, which a plain set-up leaves out: install them with"
            " python3 bootstrap.py spark"
        )
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    try:
        output = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=True).stderr if java else ""
    except (OSError, subprocess.CalledProcessError):
        output = ""
    version = re.search(r'version "(\d+)', output)
    if version is None or int(version[1]) < JAVA:
        have = f"this is Java {version[1]}" if version else "none is on the path, nor at JAVA_HOME"
        raise SparkMissingError(f"the engine spark needs Java {JAVA} or newer ({have}): on Debian, openjdk-{JAVA}-jre-headless")


def spark_folder(home: Home) -> Path:
    """Where Spark has its tables and temporary files during a night; deleted with the other spilled files."""
    return home.spill / "spark"


def warehouse_of(home: Home) -> Path:
    """Spark's tables: `<schema>.db/<table>/`."""
    return spark_folder(home) / "warehouse"


@contextmanager
def spark_session(home: Home, settings: Spark) -> "Generator[SparkSession]":
    """A new session with an empty warehouse in the home. The session and its Java are stopped afterwards.

    Raises RuntimeError if Java does not start.
    """
    allow_import("pyspark")
    # pyspark warns about pandas 3, which is not used here.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    folder = spark_folder(home)
    shutil.rmtree(folder, ignore_errors=True)
    for path in (folder, folder / "tmp"):
        path.mkdir(parents=True, mode=0o700)
    (folder / "log4j2.properties").write_text(LOGGING, encoding="ascii")
    conf = SparkConf().setAppName("pam-warehouse").setMaster(settings.master).setAll(list(_conf(home, settings).items()))
    # Java's output can contain values of rows, so it does not go to the terminal. Errors are raised anyway.
    log_file = folder / "java.log"
    with log_file.open("wb") as log:
        try:
            gateway: Any = launch_gateway(conf, {"stdout": log, "stderr": log})
        except RuntimeError as error:
            raise RuntimeError(f"Spark's Java did not start: {log_file.read_text(errors='replace')[-500:]}") from error
    try:
        yield SparkSession(SparkContext(gateway=gateway, conf=conf))
    finally:
        if context := SparkContext._active_spark_context:
            with suppress(Exception):
                context.stop()
        # pyspark keeps its Java running until Python ends, and then the folder could not be removed.
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)
        SparkContext._gateway = SparkContext._jvm = None
        shutil.rmtree(folder, ignore_errors=True)


def _conf(home: Home, settings: Spark) -> dict[str, str]:
    folder = spark_folder(home)
    java = f"-Djava.io.tmpdir={folder / 'tmp'} -Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    conf = {
        JAVA_OPTIONS: f"{java} -XX:-UsePerfData",
        "spark.driver.memory": f"{max(MINIMUM_MEGABYTES, megabytes(memory_limit(home)))}m",
        "spark.local.dir": str(folder / "tmp"),
        "spark.sql.warehouse.dir": str(warehouse_of(home)),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        # As in DuckDB: an impossible cast is an error, and times have no zone.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.compression.codec": "zstd",
        # On a busy machine even small tables may take longer than Spark's default of five minutes.
        "spark.sql.broadcastTimeout": "36000",
    }
    if settings.master.startswith("local"):
        # Everything runs on this machine: listen on the loopback only, and do not split small data.
        conf |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.default.parallelism": "2",
        }
    own_conf = settings.settings
    return {**conf, **own_conf, JAVA_OPTIONS: f"{conf[JAVA_OPTIONS]} {own_conf.get(JAVA_OPTIONS, '')}".strip()}
