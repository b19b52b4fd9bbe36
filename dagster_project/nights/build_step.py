"""The build step of a night: from raw/ to the candidate's marts, on DuckDB or on Spark."""

from dagster_project.core.config import Spark
from dagster_project.core.receipts import Night
from dagster_project.transform import candidate, dbt_runner, raw_schema, spark
from dagster_project.transform.dbt_runner import Progress
from dagster_project.transform.raw_schema import ReadableLoad

from .steps import Built


def build_candidate(night: Night, *, rebuild: bool, since: str | None, progress: Progress) -> tuple[Built, list[ReadableLoad]]:
    """Build what may have changed since the last night, or everything with `rebuild`. Returns the result and the loads used.

    `since`: files that landed after this night are tonight's; None: after the published one.
    """
    home = night.home
    start = candidate.start(home, rebuild)
    loads = raw_schema.prepare_raw(home, night.night_id, night.today, since, start.loads)
    built = dbt_runner.build(home, start.select, progress=progress)
    if start.loads is not None:
        raw_schema.show_all_rows(home, loads)
    return Built(tuple(candidate.merge_outcomes(start.unchanged, built)), tuple(built)), loads


def build_on_spark(night: Night, config: Spark, *, since: str | None, progress: Progress) -> tuple[Built, list[ReadableLoad]]:
    """Build everything on Spark. Returns the same as `build_candidate`."""
    candidate.start_empty(night.home)
    loads = raw_schema.prepare_raw(night.home, night.night_id, night.today, since)
    nodes = tuple(spark.build(night.home, config, loads, progress))
    return Built(nodes, nodes), loads
