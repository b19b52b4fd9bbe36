"""The build step of a night: from raw/ to the candidate's marts, on DuckDB or on Spark; or some models, with their parents."""

from collections.abc import Collection

from dagster_project.core.config import Spark
from dagster_project.core.receipts import Night
from dagster_project.core.worker_process import BUILDER
from dagster_project.transform import candidate, changed_nodes, dbt_runner, raw_schema, spark
from dagster_project.transform.dbt_runner import Progress
from dagster_project.transform.raw_schema import ReadableLoad

from .saved_steps import Built

KINDS = ("model", "seed", "test")


def build_candidate(night: Night, *, rebuild: bool, since: str | None, progress: Progress) -> tuple[Built, list[ReadableLoad]]:
    """Build what may have changed since the last night, or everything with `rebuild`. Returns the result and the loads used.

    `since`: files that landed after this night are tonight's; None: after the published one.
    """
    home = night.home
    start = candidate.start(home, rebuild)
    loads = raw_schema.prepare_raw(home, night.night_id, night.today, since, start.loads)
    # The builder may have read the project before somebody changed it.
    digest = dbt_runner.project_digest()
    built = BUILDER.call(changed_nodes.build_changed, home, start.changed, digest, progress=progress)
    if start.loads is not None:
        raw_schema.read_all_rows_again(home, loads)
    candidate.drop_event_days(home)
    return Built(tuple(candidate.merge_outcomes(start.unchanged, built)), tuple(built)), loads


def build_on_spark(night: Night, config: Spark, *, since: str | None, progress: Progress) -> tuple[Built, list[ReadableLoad]]:
    """Build everything on Spark. Returns the same as `build_candidate`."""
    # Where pam.toml names Spark, the process that would run dbt has been started in vain.
    BUILDER.stop()
    candidate.start_empty(night.home)
    loads = raw_schema.prepare_raw(night.home, night.night_id, night.today, since)
    nodes = tuple(spark.build(night.home, config, loads, progress))
    candidate.drop_event_days(night.home)
    return Built(nodes, nodes), loads


def build_part(night: Night, names: Collection[str], before: Built | None, progress: Progress) -> Built:
    """Build the models and seeds `names`, as a night would, with any of their parents that are not built yet, and run the tests
    whose models are all built by then. Nothing of a partial build is judged or published.

    `before`: an earlier partial build that is still current, to continue. Returns the candidate after the build; its `left` has
    what a night would still build. Everything else in the candidate is as it was published.
    """
    home = night.home
    if before:
        earlier, left = list(before.nodes), set(before.left)
    else:
        start = candidate.start(home)
        raw_schema.prepare_raw(home, night.night_id, night.today, None, start.loads)
        all_paths = _paths().values() if start.changed is None else changed_nodes.nodes_to_build(start.changed)
        earlier, left = start.unchanged, set(all_paths)
    chosen = _choose_nodes(names, left)
    # An empty selection would make dbt build everything.
    built = dbt_runner.build(home, sorted(chosen), progress=progress) if chosen else []
    nodes, left = candidate.merge_outcomes(earlier, built), left - chosen
    if not left and not dbt_runner.failed_models(nodes):
        raw_schema.finish_partial_build(home)
        candidate.drop_event_days(home)
    return Built(tuple(nodes), tuple(built), tuple(sorted(left)))


def marts_left(built: Built) -> list[str]:
    """The marts that are not up to date in the candidate, because a night would still build them."""
    return sorted(name for path in built.left if (name := path.rpartition(".")[2]).startswith("mart_"))


def _paths() -> dict[str, str]:
    """How dbt selects each node that a night builds, by its id."""
    nodes = dbt_runner.manifest().nodes
    return {unique_id: ".".join(node.fqn) for unique_id, node in nodes.items() if node.resource_type.value in KINDS}


def _choose_nodes(names: Collection[str], left: Collection[str]) -> set[str]:
    """Of what is left to build: the models `names`, all their parents, and the tests whose models are all built by then."""
    nodes, path = dbt_runner.manifest().nodes, _paths()
    models = {x for x, node in nodes.items() if node.name in names and node.resource_type.value in ("model", "seed")}
    unvisited = list(models)
    while unvisited:
        parents = {p for p in nodes[unvisited.pop()].depends_on_nodes if p in path} - models
        models |= parents
        unvisited += parents
    chosen = {path[x] for x in models} & set(left)
    still_left = set(left) - chosen
    tests = {
        path[x] for x, node in nodes.items()
        if node.resource_type.value == "test" and path[x] in left
        and not {path[p] for p in node.depends_on_nodes if p in path} & still_left
    }  # fmt: skip
    return chosen | tests
