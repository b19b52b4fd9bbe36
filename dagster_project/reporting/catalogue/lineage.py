"""Where each relation comes from and where it is used, from the dbt project: names only, no paths."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from dagster_project.transform.dbt_runner import ProjectRelation

from .read import Catalogue

KINDS = {2: "Events", 3: "Daily sums", 4: "Monthly sums"}
"""What a stage of a mart's path is called."""
SCHEMA_KINDS = {"marts": "Mart", "staging": "Staging", "reports": "Report", "bi": "BI"}


@dataclass(frozen=True)
class Step:
    """A node on the way to a figure. `page`: its page in the catalogue; empty if it has none."""

    kind: str
    name: str
    words: str
    page: str = ""


class Lineage:
    """The lineage of a catalogue's relations, by their full names. A relation without a model has none."""

    def __init__(self, relations: dict[str, ProjectRelation], catalogue: Catalogue) -> None:
        self._nodes = relations
        self._models = {_full_name(n): k for k, n in self._nodes.items() if n.kind == "model"}
        self._pages, self._extracts = catalogue.pages, catalogue.titles
        self._children: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._nodes:
            for parent in self._parents(key):
                self._children[parent].append(key)

    def path(self, relation: str) -> list[tuple[Step, ...]]:
        """What becomes the figures of a mart, by stage, from the extracts to the mart; empty for another relation."""
        if relation not in self._models or not relation.startswith("marts.mart_"):
            return []
        return [tuple(map(self._step, stage)) for _, stage in groupby(self._chain(relation), self._stage)]

    def helpers(self, mart: str) -> tuple[Step, ...]:
        """What else the nodes of a mart's path read."""
        chain = self._chain(mart)
        return self._sorted({p for k in chain for p in self._parents_for(mart, k)} - set(chain))

    def parents(self, relation: str) -> tuple[Step, ...]:
        """What a relation reads directly."""
        return self._sorted(self._parents(self._models.get(relation, "")))

    def children(self, relation: str) -> tuple[Step, ...]:
        """What reads a relation directly."""
        return self._sorted(self._children.get(self._models.get(relation, ""), ()))

    def _parents(self, key: str) -> list[str]:
        node = self._nodes.get(key)
        return [p for p in node.parents if p in self._nodes] if node else []

    def _parents_for(self, mart: str, key: str) -> list[str]:
        """What a node of a mart's path reads for this mart. `events` has those of every mart, of which it counts its own."""
        events = f"measures.{mart.removeprefix('marts.mart_')}_events"
        is_of_all = _full_name(self._nodes[key]) == "measures.events"
        return [p for p in self._parents(key) if not is_of_all or _full_name(self._nodes[p]) == events]

    def _stage(self, key: str) -> int | None:
        """The stage of a node: 0 extract, 1 staging, 2 events, 3 their days, 4 their months; None for a helper."""
        node = self._nodes[key]
        if node.kind == "source":
            return 0 if node.name in self._extracts else None
        if node.kind != "model":
            return None
        if node.schema == "staging":
            return 1 if node.name.startswith("stg_") else None
        return {"events": 2, "days": 3, "monthly": 4}.get(node.name.rpartition("_")[2]) if node.schema == "measures" else None

    def _chain(self, relation: str) -> list[str]:
        """The nodes whose rows become the figures of a mart, by stage, the mart last."""
        mart = self._models[relation]
        chain, waiting = set(), [mart]
        while waiting:
            key = waiting.pop()
            if key not in chain:
                chain.add(key)
                waiting += [p for p in self._parents_for(relation, key) if self._stage(p) is not None]
        return [*sorted(chain - {mart}, key=lambda k: (self._stage(k) or 0, _full_name(self._nodes[k]))), mart]

    def _sorted(self, keys: Iterable[str]) -> tuple[Step, ...]:
        return tuple(self._step(k) for k in sorted(keys, key=lambda k: _full_name(self._nodes[k])))

    def _step(self, key: str) -> Step:
        node = self._nodes[key]
        name, words = _full_name(node), node.description
        if node.kind == "source":
            if title := self._extracts.get(node.name):
                return Step("Extract", node.name, title, f"extracts.html#extract-{node.name}")
            return Step("Raw", name, words)
        kind = "List" if node.kind == "seed" else KINDS.get(self._stage(key) or 0)
        return Step(kind or SCHEMA_KINDS.get(node.schema, node.schema.capitalize()), name, words, self._pages.get(name, ""))


def _full_name(node: ProjectRelation) -> str:
    return f"{node.schema}.{node.name}"
