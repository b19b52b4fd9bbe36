"""The night being built: from nothing, or on top of the night that is published.

Most nights bring files of a few extracts. What rests on the others is taken over as it was published; only what can have
changed is built again. Any doubt (another project, other lists, a night that did not end) means from nothing.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import duckdb

from .landing import accepted, read_ledger
from .landing.files import write_whole
from .prepare import OWN_LISTS, WAREHOUSE, WORK, fresh_candidate
from .settings import Home
from .transform import Node, project_stamp

PACKAGE = Path(__file__).parent

ALWAYS = (
    "standing_loads", "superseded_rows", "coverage_windows", "coverage_months", "periods", "extract_facts", "mart_facts",
)  # fmt: skip
"""Models that hold something of every extract, or of the night itself."""

WRITING = ("build", "run", "seed", "snapshot", "clone", "retry", "run-operation", "--store-failures")
"""What a person can give dbt that changes the candidate."""


def begin(home: Home, rebuild: bool = False) -> tuple[list[str], list[Node]]:
    """Lay out the candidate. Returns what dbt is to select (all, where empty) and the nodes that stand as they are.

    Until `keep` is called after publishing, the next night starts from nothing.
    """
    base = None if rebuild else _base(home)
    (home.candidate / "base.json").unlink(missing_ok=True)
    if base is None:
        fresh_candidate(home)
        return [], []
    changed = sorted(x for x, loads in _loads(home).items() if base["loads"].get(x) != loads)
    _take_over(home)
    con = duckdb.connect(str(home.candidate / WORK))
    try:
        con.execute("drop schema if exists raw cascade")
    finally:
        con.close()
    return [*ALWAYS, *(f"stg_{x}+" for x in changed)], base["nodes"]


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


def keep(home: Home, nodes: list[Node], sha256: str) -> None:
    """Let the next night build on this one, which has been published whole."""
    base = {"stamp": _stamp(home), "sha256": sha256, "loads": _loads(home), "nodes": [asdict(n) for n in nodes]}
    write_whole(home.candidate / "base.json", json.dumps(base).encode("utf-8"))


def _base(home: Home) -> dict | None:
    """What the last night left, if it can be built on."""
    path = home.candidate / "base.json"
    if not (path.exists() and home.warehouse.exists() and (home.candidate / WORK).exists()):
        return None
    try:
        base = json.loads(path.read_text(encoding="utf-8"))
        base["nodes"] = [Node(**n) for n in base["nodes"]]
    except (ValueError, TypeError, KeyError):
        # Of another version, or cut short: start from nothing.
        return None
    with home.warehouse.open("rb") as file:
        published = hashlib.file_digest(file, "sha256").hexdigest()
    return base if base.get("stamp") == _stamp(home) and base.get("sha256") == published else None


def _stamp(home: Home) -> str:
    """Changes with the dbt project, the contracts and code that it rests on, DuckDB, and the home's own lists."""
    digest = hashlib.sha256(f"{project_stamp()} {duckdb.__version__}".encode())
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".yml")):
        digest.update(path.read_bytes())
    for name in OWN_LISTS:
        path: Path = home.seeds / f"{name}.csv"
        digest.update(path.read_bytes() if path.exists() else b"-")
    for path in sorted(p for p in home.editions.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(home.editions)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _loads(home: Home) -> dict[str, list[str]]:
    """What each extract's figures rest on: its accepted loads, and what later files withheld of them."""
    entries = read_ledger(home)
    found: dict[str, list[str]] = {}
    for e in accepted(entries):
        found.setdefault(str(e.extract), []).append(f"{e.load_id} {e.extracted_at}")
    for e in entries:
        for load, n in e.withheld.items():
            found.setdefault(str(e.extract), []).append(f"{load} {n}")
    return {x: sorted(loads) for x, loads in found.items()}
