"""Where each relation comes from and where it is used, from dbt's manifest: names only, no paths."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .read import Catalogue

KINDS = {"events": "Events", "monthly": "Monthly figures"}
SCHEMA_KINDS = {"marts": "Mart", "staging": "Staging", "reports": "Report", "bi": "BI"}


@dataclass(frozen=True)
class Step:
    """A node on the way to a figure. `page`: its page in the catalogue; empty if it has none."""

    kind: str
    name: str
    words: str
    page: str = ""


@dataclass(frozen=True)
class Lineage:
    """Steps by the full name of a relation. `paths`: of marts, by stage from the extracts; `helpers`: what else they read."""

    paths: dict[str, tuple[tuple[Step, ...], ...]]
    helpers: dict[str, tuple[Step, ...]]
    parents: dict[str, tuple[Step, ...]]
    children: dict[str, tuple[Step, ...]]


def read_lineage(manifest: Any, catalogue: Catalogue) -> Lineage:
    """The lineage of a catalogue's relations from dbt's manifest. Relations without a model are left out."""
    return _Graph(manifest, catalogue).lineage()


class _Graph:
    def __init__(self, manifest: Any, catalogue: Catalogue) -> None:
        self.nodes: dict[str, Any] = {
            k: n
            for k, n in (*manifest.nodes.items(), *manifest.sources.items())
            if n.resource_type in ("model", "seed", "source")
        }
        self.pages = catalogue.pages
        self.extracts = catalogue.titles
        self.children: dict[str, list[str]] = {}
        for key in self.nodes:
            for parent in self.parents(key):
                self.children.setdefault(parent, []).append(key)

    def lineage(self) -> Lineage:
        models = {self.name(k): k for k, n in self.nodes.items() if n.resource_type == "model"}
        keys = {name: models[name] for name in self.pages if name in models}
        chains = {name: self.chain(key) for name, key in keys.items() if name.startswith("marts.mart_")}
        return Lineage(
            paths={
                name: tuple(self.steps(stage) for _, stage in groupby(chain, self.stage)) for name, chain in chains.items()
            },
            helpers={name: self.sorted_steps({p for k in chain for p in self.parents(k)} - set(chain))
                     for name, chain in chains.items()},
            parents={name: self.sorted_steps(self.parents(key)) for name, key in keys.items()},
            children={name: self.sorted_steps(self.children.get(key, ())) for name, key in keys.items()},
        )  # fmt: skip

    def parents(self, key: str) -> list[str]:
        """What a node reads directly."""
        node = self.nodes[key]
        return [] if node.resource_type != "model" else [p for p in node.depends_on.nodes if p in self.nodes]

    def name(self, key: str) -> str:
        node = self.nodes[key]
        return f"{node.schema}.{node.name if node.resource_type == 'source' else node.alias}"

    def stage(self, key: str) -> int | None:
        """The stage of a node: 0 extract, 1 staging, 2 events, 3 monthly; None for a helper."""
        node = self.nodes[key]
        if node.resource_type == "source":
            return 0 if node.name in self.extracts else None
        if node.resource_type != "model":
            return None
        if node.schema == "staging":
            return 1 if node.alias.startswith("stg_") else None
        return {"events": 2, "monthly": 3}.get(node.alias.rpartition("_")[2]) if node.schema == "measures" else None

    def chain(self, mart: str) -> list[str]:
        """The nodes whose rows become the figures of a mart, by stage, the mart last."""
        chain, waiting = set(), [mart]
        while waiting:
            key = waiting.pop()
            if key not in chain:
                chain.add(key)
                waiting += [p for p in self.parents(key) if self.stage(p) is not None]
        return [*sorted(chain - {mart}, key=lambda k: (self.stage(k) or 0, self.name(k))), mart]

    def sorted_steps(self, keys: Iterable[str]) -> tuple[Step, ...]:
        return self.steps(sorted(keys, key=self.name))

    def steps(self, keys: Iterable[str]) -> tuple[Step, ...]:
        return tuple(self.step(k) for k in keys)

    def step(self, key: str) -> Step:
        node, name = self.nodes[key], self.name(key)
        if node.resource_type == "source":
            title = self.extracts.get(node.name)
            if title:
                return Step("Extract", node.name, title, f"extracts.html#extract-{node.name}")
            return Step("Raw", name, node.description or "")
        kind = "List" if node.resource_type == "seed" else KINDS.get(name.rpartition("_")[2]) or SCHEMA_KINDS.get(
            node.schema, node.schema.capitalize()
        )
        return Step(kind, name, node.description or "", self.pages.get(name, ""))
