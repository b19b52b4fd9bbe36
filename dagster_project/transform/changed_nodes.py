"""Chooses what of the candidate a night builds, and builds it.

`pam nightly` calls this in a process of its own (`BUILDER`), which loads dbt while files land.
"""

from collections.abc import Callable, Container, Iterable

from dagster_project.core.home import Home

from . import dbt_runner
from .dbt_runner import Node, Progress

ALWAYS = (
    "standing_loads", "superseded_rows", "area_coverages", "coverage_gaps", "coverage_windows", "coverage_months", "periods",
    "row_days", "extract_facts", "event_days", "monthly", "figures_to_rebuild", "figure_facts", "month_facts",
)  # fmt: skip
"""Models with rows of every extract, or of the night itself. What depends on an extract besides is built with the extract."""

AREAS = ("areas_listed", "area_members", "unit_names")
"""Models of the list of areas, which a home may have of its own. Staging models and marts read it, but those of an extract
without files have no row, whatever areas there are."""


def build_changed(home: Home, changed: Iterable[str] | None, digest: str, progress: Progress) -> list[Node]:
    """Build what depends on these models; None: everything. Returns the outcome of every node. Raises BuildError.

    `digest`: the `project_digest` of the night, by which the next one knows what these figures were made with.
    """
    if dbt_runner.project_digest() != digest:
        dbt_runner.read_project_again()
    return dbt_runner.build(home, () if changed is None else nodes_to_build(changed), progress)


def nodes_to_build(changed: Iterable[str]) -> tuple[str, ...]:
    """The tables and tests to build if these models are out of date, as paths by which dbt selects nodes.

    These are ALWAYS with what no extract leads to otherwise, the models, and what depends on the models; of AREAS only if it
    depends on a staging model that is named too, as a night names those of all its extracts. Views and seeds are the same for
    every night of a project, and not built again.
    """
    nodes = dbt_runner.manifest().nodes
    children: dict[str, list[str]] = {}
    for unique_id, node in nodes.items():
        for parent in node.depends_on_nodes:
            children.setdefault(parent, []).append(unique_id)
    # A mart reads the sums of its events in `monthly`, and `daily` those of all events in `event_days`: both always built.
    by_name = {node.name: unique_id for unique_id, node in nodes.items()}
    readers = {name: f"mart_{name.removesuffix('_events')}" for name in by_name if name.endswith("_events")}
    for name, reader in (*readers.items(), ("events", "daily")):
        children.setdefault(by_name[name], []).append(by_name[reader])
    models = {unique_id: node.name for unique_id, node in nodes.items() if node.resource_type.value == "model"}

    def reached(first: Container[str], leads_to: Callable[[str, str], bool]) -> set[str]:
        """The models `first` and what depends on them, where the name of a model `leads_to` the id of one that reads it."""
        found = {unique_id for unique_id, name in models.items() if name in first}
        queue = list(found)
        while queue:
            unique_id = queue.pop()
            name = nodes[unique_id].name
            for child in children.get(unique_id, ()):
                if child in found or (name in AREAS and nodes[child].name.startswith(("stg_", "mart_"))):
                    continue
                if child not in models or leads_to(name, child):
                    found.add(child)
                    queue.append(child)
        return found

    def is_of_some(name: str, _: str) -> bool:
        # Models of ALWAYS would lead to everything.
        return name not in ALWAYS

    of_extracts = reached({name for name in models.values() if name.startswith("stg_")}, is_of_some)
    chosen = reached({*changed}, is_of_some) | reached(ALWAYS, lambda _, child: child not in of_extracts)
    return tuple(sorted(".".join(nodes[x].fqn) for x in chosen if nodes[x].config.materialized != dbt_runner.VIEW))
