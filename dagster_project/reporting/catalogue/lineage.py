"""Where each relation comes from and where it is used, from dbt's manifest: names only, no paths."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .read import Catalogue

KINDS = {"events": "Events", "monthly": "Monthly figures"}


@dataclass(frozen=True)
class Step:
    """Something on the way to a figure. `page`: where the catalogue tells of it, empty where it does not."""

    kind: str
    name: str
    words: str
    page: str = ""


@dataclass(frozen=True)
class Lineage:
    """Steps by the full name of a relation.

    `paths`: of marts, stage by stage from the extracts on; `helpers`: what else is read on the way.
    """

    paths: dict[str, tuple[tuple[Step, ...], ...]]
    helpers: dict[str, tuple[Step, ...]]
    parents: dict[str, tuple[Step, ...]]
    children: dict[str, tuple[Step, ...]]

    @classmethod
    def of(cls, manifest: Any, catalogue: Catalogue) -> "Lineage":
        """The lineage of a catalogue's relations. `manifest`: dbt's. What it has no model of is left out."""
        return _Read(manifest, catalogue).lineage()


class _Read:
    def __init__(self, manifest: Any, catalogue: Catalogue) -> None:
        self.nodes: dict[str, Any] = {
            k: n
            for k, n in (*manifest.nodes.items(), *manifest.sources.items())
            if n.resource_type in ("model", "seed", "source")
        }
        self.pages = catalogue.pages
        self.extracts = catalogue.titles
        self.used: dict[str, list[str]] = {}
        for key in self.nodes:
            for parent in self.above(key):
                self.used.setdefault(parent, []).append(key)

    def lineage(self) -> Lineage:
        own = {self.name(k): k for k, n in self.nodes.items() if n.resource_type == "model"}
        known = {name: own[name] for name in self.pages if name in own}
        chains = {name: self.chain(key) for name, key in known.items() if name.startswith("marts.mart_")}
        return Lineage(
            paths={
                name: tuple(self.steps(stage) for _, stage in groupby(chain, self.rank)) for name, chain in chains.items()
            },
            helpers={
                name: self.steps(sorted({p for k in chain for p in self.above(k)} - set(chain), key=self.name))
                for name, chain in chains.items()
            },
            parents={name: self.steps(sorted(self.above(key), key=self.name)) for name, key in known.items()},
            children={name: self.steps(sorted(self.used.get(key, ()), key=self.name)) for name, key in known.items()},
        )

    def above(self, key: str) -> list[str]:
        """What a node reads itself."""
        node = self.nodes[key]
        return [] if node.resource_type != "model" else [p for p in node.depends_on.nodes if p in self.nodes]

    def name(self, key: str) -> str:
        node = self.nodes[key]
        return f"{node.schema}.{node.name if node.resource_type == 'source' else node.alias}"

    def rank(self, key: str) -> int | None:
        """The step of the way that a node is: extract, staging, events, monthly; None for what only helps."""
        node = self.nodes[key]
        if node.resource_type == "source":
            return 0 if node.name in self.extracts else None
        if node.resource_type != "model":
            return None
        if node.schema == "staging":
            return 1 if node.alias.startswith("stg_") else None
        return {"events": 2, "monthly": 3}.get(node.alias.rpartition("_")[2]) if node.schema == "measures" else None

    def chain(self, mart: str) -> list[str]:
        """The nodes whose rows become a mart's figures, in the order of the way, the mart last."""
        found, todo = set(), [mart]
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                todo += [p for p in self.above(key) if self.rank(p) is not None]
        return [*sorted(found - {mart}, key=lambda k: (self.rank(k) or 0, self.name(k))), mart]

    def steps(self, keys: Iterable[str]) -> tuple[Step, ...]:
        return tuple(self.step(k) for k in keys)

    def step(self, key: str) -> Step:
        node, name = self.nodes[key], self.name(key)
        if node.resource_type == "source":
            title = self.extracts.get(node.name)
            return Step("Extract", node.name, title, f"extracts.html#extract-{node.name}") if title else Step(
                "Raw", name, node.description or ""
            )
        kind = "List" if node.resource_type == "seed" else KINDS.get(name.rpartition("_")[2]) or {
            "marts": "Mart", "staging": "Staging", "reports": "Report", "bi": "BI"
        }.get(node.schema, node.schema.capitalize())
        return Step(kind, name, node.description or "", self.pages.get(name, ""))
