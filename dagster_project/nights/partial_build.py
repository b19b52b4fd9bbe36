"""Builds some models of the candidate on request, with whatever they need that is not built yet.

It is laid out and filled as a night would fill it, only not to the end. Nothing of it is judged or published.
"""

from collections.abc import Collection, Iterator

from dagster_project.core.home import Home
from dagster_project.core.receipts import Night
from dagster_project.transform import candidate, dbt_runner, raw_schema
from dagster_project.transform.dbt_runner import Progress

from .steps import Built

KINDS = ("model", "seed", "test")


def build(home: Home, night: Night, names: Collection[str], before: Built | None, progress: Progress) -> Built:
    """Build the models and seeds `names` with all that they rest on, and the tests that can be asked of them then.

    `before`: a part that was built already and still stands: it is gone on with. Returns the candidate as it is then; `left`
    has what a night would still build. What is not in it is as it was published.
    """
    if before:
        standing, left = list(before.nodes), set(before.left)
    else:
        begun = candidate.start(home)
        raw_schema.prepare_raw(home, night.night_id, night.today, None, begun.loads)
        standing, left = begun.unchanged, set(begun.select) or {*_selectable()}
    chosen = _chosen(names, left)
    # dbt would take no name for all of them.
    built = dbt_runner.build(home, sorted(chosen), progress=progress) if chosen else []
    nodes, left = candidate.merge_outcomes(standing, built), left - chosen
    if not left and not dbt_runner.failed_models(nodes):
        raw_schema.finish_partial_build(home)
    return Built(tuple(nodes), tuple(built), tuple(sorted(left)))


def marts_left(built: Built) -> list[str]:
    """The marts that are not up to date in the candidate: those which a night would still build."""
    return sorted(name for name in (path.rpartition(".")[2] for path in built.left) if name.startswith("mart_"))


def _selectable() -> Iterator[str]:
    return (".".join(n.fqn) for n in dbt_runner.manifest().nodes.values() if n.resource_type.value in KINDS)


def _chosen(names: Collection[str], left: Collection[str]) -> set[str]:
    """Of what is left: the models, what they rest on, and the tests all of whose models are built by then."""
    nodes = dbt_runner.manifest().nodes
    path = {unique_id: ".".join(node.fqn) for unique_id, node in nodes.items() if node.resource_type.value in KINDS}
    found = {x for x, node in nodes.items() if node.name in names and node.resource_type.value in ("model", "seed")}
    ahead = list(found)
    while ahead:
        for parent in nodes[ahead.pop()].depends_on_nodes:
            if parent in path and parent not in found:
                found.add(parent)
                ahead.append(parent)
    built = {path[x] for x in found} & set(left)
    unbuilt = set(left) - built
    tests = {
        path[x] for x, node in nodes.items()
        if node.resource_type.value == "test" and path[x] in left
        and (own := [p for p in node.depends_on_nodes if p in path]) and not {path[p] for p in own} & unbuilt
        and {path[p] for p in own} & built
    }  # fmt: skip
    return built | tests
