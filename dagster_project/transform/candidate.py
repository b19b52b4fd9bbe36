"""Starts the candidate: from a copy of the published night, from the empty build, or from nothing.

Most nights bring files of a few extracts. What rests on the others is taken over as it was published; only what can have
changed is built again. Any doubt (another project, other lists, a night that did not end) means from the groundwork, which
knows of no file, and so does a rebuild. Where no groundwork was laid, it means from nothing.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb

from dagster_project.core.files import write_whole
from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.own_lists import OWN_LISTS
from dagster_project.core.published_file import PublishError, digest_of

from . import dbt_runner, empty_build
from .changed_months import loads_of
from .dbt_runner import Node
from .project_version import project_version
from .raw_schema import WAREHOUSE, WORK, fresh_candidate

ALWAYS = (
    "standing_loads", "superseded_rows", "area_coverages", "coverage_gaps", "coverage_windows", "coverage_months", "periods",
    "row_days", "extract_facts", "figures_due", "figure_facts", "month_facts",
)  # fmt: skip
"""Models that hold something of every extract, or of the night itself. What rests on them rests on some extract, too."""

WRITING = ("build", "run", "seed", "snapshot", "clone", "retry", "run-operation", "--store-failures")
"""What a person can give dbt that changes the candidate."""


ASKED = ("asked_figures", "tables")
"""What rests on the editions: a home may have its own, which the groundwork does not know."""

LISTED = ("areas_listed", "offence_classes")
"""What rests on lists that a home may have of its own, which the groundwork does not know either."""


@dataclass(frozen=True)
class BegunCandidate:
    """A candidate that is laid out.

    `on`: what it is built on. `select`: what dbt is to build, as it has it; all where it is empty. `standing`: the nodes
    that are as they were.
    """

    on: Literal["night", "groundwork", "nothing"]
    select: tuple[str, ...] = ()
    standing: list[Node] = field(default_factory=list)
    loads: dict[str, list[str]] | None = None
    """The loads behind the figures that it is built on (`changed_months.loads_of`). Other months are carried forward."""


def begin(home: Home, rebuild: bool = False) -> BegunCandidate:
    """Lay out the candidate. Until `keep` is called after publishing, the next night can't build on it."""
    now = loads_of(home)
    base = None if rebuild else _base(home, now)
    (home.candidate / "base.json").unlink(missing_ok=True)
    if base is not None:
        changed = sorted(x for x, loads in now.items() if base["loads"].get(x) != loads)
        _take_over(home)
        return BegunCandidate("night", resting_on(changed), base["nodes"], base["loads"])
    standing = empty_build.read(project_version())
    if standing is not None:
        empty_build.copy(home)
        has_lists = any((home.seeds / f"{name}.csv").exists() for name in OWN_LISTS)
        return BegunCandidate("groundwork", resting_on(now, (*ASKED, *(LISTED if has_lists else ()))), standing)
    fresh_candidate(home)
    return BegunCandidate("nothing")


def resting_on(extracts: Iterable[str], also: Iterable[str] = ()) -> tuple[str, ...]:
    """The tables and tests to build where files of `extracts` are new, as dbt selects nodes: by their paths.

    Those of ALWAYS; what rests on the extracts' staging models, or on the models `also`. Views and seeds are the same for
    every night of a project: they stand wherever something is built on.
    """
    nodes = dbt_runner.manifest().nodes
    children: dict[str, list[str]] = {}
    for unique_id, node in nodes.items():
        for parent in node.depends_on_nodes:
            children.setdefault(parent, []).append(unique_id)
    begin = {*ALWAYS, *also, *(f"stg_{x}" for x in extracts)}
    found = {unique_id for unique_id, node in nodes.items() if node.resource_type.value == "model" and node.name in begin}
    ahead = list(found)
    while ahead:
        unique_id = ahead.pop()
        for child in children.get(unique_id, ()):
            # What holds something of everything would lead everywhere.
            if child not in found and (nodes[unique_id].name not in ALWAYS or nodes[child].resource_type.value == "test"):
                found.add(child)
                ahead.append(child)
    # A test is materialized as `test`.
    return tuple(sorted(".".join(nodes[x].fqn) for x in found if nodes[x].config.materialized != dbt_runner.VIEW))


def begin_empty(home: Home) -> None:
    """Lay out a candidate with every model and no row that matters, for an engine that fills it."""
    if begin(home, rebuild=True).on == "nothing":
        empty_build.build_on_nothing(home)


def stands(home: Home) -> list[Node] | None:
    """The nodes of the published night, where a night that builds on it would find nothing of any extract changed, and no rule
    of the gate."""
    now = loads_of(home)
    base = _base(home, now)
    return base["nodes"] if base and base["loads"] == now and base.get("rules") == _rules(home) else None


def by_hand(home: Home, args: list[str]) -> str:
    """Make the candidate ready for dbt run by hand with `args`. Returns what a person should know of it, if anything.

    Publishing takes the candidate's figures away: a copy of the published ones takes their place. What may write leaves
    the next night to start from nothing. Raises FileNotFoundError where no night has been built.
    """
    work, figures = home.candidate / WORK, home.candidate / WAREHOUSE
    if not work.exists() or not (figures.exists() or home.warehouse.exists()):
        raise FileNotFoundError(f"{home.path}: no night has been built here; `pam nightly` builds one")
    said = ""
    if not figures.exists():
        _take_over(home)
        said = f"dbt works on a copy of the published figures, in {home.candidate}; what is published stays as it is"
    if {*WRITING} & {*args}:
        (home.candidate / "base.json").unlink(missing_ok=True)
    return said


def _take_over(home: Home) -> None:
    shutil.copyfile(home.warehouse, home.candidate / WAREHOUSE)
    os.chmod(home.candidate / WAREHOUSE, 0o600)


def merged(standing: list[Node], built: list[Node]) -> list[Node]:
    """Every node's latest outcome: tonight's, else the one that stands. In an order in which parents come first."""
    latest = {n.unique_id: n for n in standing}
    latest.update((n.unique_id, n) for n in built)
    return list(latest.values())


def keep(home: Home, nodes: list[Node], sha256: str, loads: dict[str, list[str]]) -> None:
    """Let the next night build on this one, which has been published whole. `loads`: what its figures rest on, as it was built;
    rows may have been erased since.
    """
    base = {
        "stamp": _stamp(home), "sha256": sha256, "file": _identity(home.warehouse), "loads": loads,
        "work": _written(home.candidate / WORK), "rules": _rules(home),
        "nodes": [asdict(n) for n in nodes],
    }  # fmt: skip
    write_whole(home.candidate / "base.json", json.dumps(base).encode("utf-8"))


def _base(home: Home, now: dict[str, list[str]]) -> dict[str, Any] | None:
    """What the last night left, if it can be built on. `now`: what figures rest on tonight (`changed_months.loads_of`)."""
    path = home.candidate / "base.json"
    if not (path.exists() and home.warehouse.exists() and (home.candidate / WORK).exists()):
        return None
    try:
        base = json.loads(path.read_text(encoding="utf-8"))
        base["nodes"] = [Node(**n) for n in base["nodes"]]
    except (ValueError, TypeError, KeyError):
        # Of another version, or cut short: start from nothing.
        return None
    if base.get("stamp") != _stamp(home):
        return None
    if base.get("work") != _written(home.candidate / WORK):
        # Somebody else wrote in it, such as a plain `dbt run`: what it holds may not be what was published.
        return None
    if any(not set(loads) <= set(now.get(x, ())) for x, loads in base["loads"].items()):
        # A ledger from before was brought back: of a load that it does not have nobody says which force it was.
        return None
    # What was not touched since is not read for it: of a large file that takes seconds.
    is_same = base.get("file") == _identity(home.warehouse) or base.get("sha256") == digest_of(home.warehouse)
    return base if is_same else None


def state_of(home: Home) -> dict[str, Any]:
    """What a candidate would be made of now, and how its two files are. Another state: it is to be built again."""
    files = {name: home.candidate / name for name in (WORK, WAREHOUSE)}
    written = {name: _written(path) for name, path in files.items() if path.exists()}
    return {"stamp": _stamp(home), "rules": _rules(home), "loads": loads_of(home), **written}


def _identity(path: Path) -> list[int]:
    """Changes when a file is replaced or written: device, file number, bytes and nanoseconds of the last change."""
    said = path.stat()
    return [said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns]


def _written(path: Path) -> list[int]:
    """Changes when a file is written, and not when its home is copied or restored: bytes and nanoseconds of the last change."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _rules(home: Home) -> str:
    """Changes with the suites of the gate, the project's and the home's own."""
    digest = hashlib.sha256()
    for folder in (EXPECTATIONS, home.expectations):
        for path in sorted(folder.rglob("*.yml")):
            digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _stamp(home: Home) -> str:
    """Changes with the project, and with the home's settings and its own lists and editions."""
    digest = hashlib.sha256(project_version().encode())
    digest.update(home.config_file.read_bytes() if home.config_file.exists() else b"-")
    for name in OWN_LISTS:
        path: Path = home.seeds / f"{name}.csv"
        digest.update(path.read_bytes() if path.exists() else b"-")
    for path in sorted(p for p in home.editions.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(home.editions)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def open_candidate(path: Path) -> duckdb.DuckDBPyConnection:
    """A candidate's file, open for writing. Raises PublishError where it is not there: DuckDB would make an empty one."""
    if not path.exists():
        raise PublishError(f"there is no candidate {path}: build it again")
    return duckdb.connect(str(path))
