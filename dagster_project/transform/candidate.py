"""Starts the candidate: from a copy of the published night, from the empty build, or from nothing.

Most nights bring files of a few extracts. Models of the others are copied as published; only what can have changed is built
again. If anything else changed (the project, the lists, a night that did not end), and for a rebuild, the night starts from
the empty build, which holds no rows. If there is no empty build, it starts from nothing.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.files import write_whole
from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.core.published_file import sha256_of
from dagster_project.core.read_database import read_database

from . import dbt_runner, empty_build
from .accepted_months import accepted_file
from .changed_months import loads_of
from .check_measure_lists import require_sound_lists
from .dbt_runner import Node, project_version
from .raw_schema import fresh_candidate

BASE = "base.json"
"""In the candidate: what the next night can build on."""

WRITE_COMMANDS = ("build", "run", "seed", "snapshot", "clone", "retry", "run-operation", "--store-failures")
"""dbt arguments that change the candidate."""

EVENT_DAYS = "event_days"
"""The model of `measures` that has the sums of days. It is there while a night is built, and after dbt was run by hand."""

READ_COMMANDS = ("test", "show")
"""dbt arguments that run models' SQL, and change nothing."""

EDITION_MODELS = ("asked_figures", "tables")
"""Models that depend on editions: a home may have its own, which the empty build lacks."""

LIST_MODELS = ("areas_listed", "offence_classes", "unit_names")
"""Models that depend on lists: a home may have its own, which the empty build lacks."""


@dataclass(frozen=True)
class StartedCandidate:
    """A candidate that is ready for dbt.

    `base`: what it starts from. `changed`: the models that are out of date, beside those of every night; None: all of them.
    `unchanged`: outcomes of the nodes that are not built again.
    """

    base: Literal["night", "empty build", "nothing"]
    changed: tuple[str, ...] | None = None
    unchanged: list[Node] = field(default_factory=list)
    loads: dict[str, list[str]] | None = None
    """The loads that the copied figures were made from (`changed_months.loads_of`); None if nothing is carried forward."""


def start(home: Home, rebuild: bool = False) -> StartedCandidate:
    """Make the candidate's files. The next night can build on them once `save_base` is called after publishing. Raises
    MeasureListError, before anything is built, if lists and models of measures contradict each other."""
    tonight = loads_of(home)
    base = None if rebuild else _base(home, tonight)
    (home.candidate / BASE).unlink(missing_ok=True)
    if base is not None:
        changed = tuple(f"stg_{x}" for x, loads in sorted(tonight.items()) if base["loads"].get(x) != loads)
        _copy_published(home)
        return StartedCandidate("night", changed, base["nodes"], base["loads"])
    require_sound_lists()
    built = empty_build.read(project_version())
    if built is not None:
        empty_build.copy_to(home)
        has_lists = any((home.seeds / f"{name}.csv").exists() for name in OWN_LISTS)
        home_models = (*EDITION_MODELS, *(LIST_MODELS if has_lists else ()))
        return StartedCandidate("empty build", (*home_models, *(f"stg_{x}" for x in tonight)), built)
    fresh_candidate(home)
    return StartedCandidate("nothing")


def start_empty(home: Home) -> None:
    """Make a candidate with an empty table for every model, for an engine that fills them."""
    if start(home, rebuild=True).base == "nothing":
        empty_build.build_on_nothing(home)


def is_current(home: Home) -> bool:
    """Whether the last night was published, and nothing has changed since in the code, models, lists or settings, nor in the
    candidate by hand."""
    try:
        base = json.loads((home.candidate / BASE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(base.get("stamp") == _settings_hash(home))


def published_nodes_if_unchanged(home: Home) -> list[Node] | None:
    """The node outcomes of the published night, if a new night would find no change in any extract, nor in the gate's rules;
    else None."""
    tonight = loads_of(home)
    base = _base(home, tonight)
    return base["nodes"] if base and base["loads"] == tonight and base.get("rules") == _rules(home) else None


def prepare_for_dbt(home: Home, args: list[str]) -> str:
    """Prepare the candidate for running dbt by hand with `args`. Returns a message for the user, or an empty text.

    Publishing moves the candidate's figures away: they are replaced by a copy of the published ones. After a command that may
    write, the next night builds everything. Raises FileNotFoundError if no night has been built.
    """
    work, figures = home.candidate / WORK, home.candidate / WAREHOUSE
    if not work.exists() or not (figures.exists() or home.warehouse.exists()):
        raise FileNotFoundError(f"{home.path}: no night has been built here; `pam nightly` builds one")
    message = ""
    if not figures.exists():
        _copy_published(home)
        message = f"dbt works on a copy of the published figures, in {home.candidate}; what is published stays as it is"
    if {*WRITE_COMMANDS} & {*args}:
        (home.candidate / BASE).unlink(missing_ok=True)
    if {*WRITE_COMMANDS, *READ_COMMANDS} & {*args}:
        _make_event_days(home)
    return message


def drop_event_days(home: Home) -> None:
    """Drop the sums of days, once months and editions are made from them: a night in part has those of some months alone, and
    rows may be erased later. dbt run by hand makes them of all rows that there are."""
    with duckdb.connect(str(home.candidate / WORK)) as con:
        con.execute(f"drop table if exists measures.{EVENT_DAYS}")


def _make_event_days(home: Home) -> None:
    """Make the sums of all days, which a night drops once it is built. Nothing else changes, so the next night can still build
    on the candidate."""
    work, path = home.candidate / WORK, home.candidate / BASE
    with read_database(work) as con:
        if con.execute("select 1 from duckdb_tables() where table_name = ?", [EVENT_DAYS]).fetchone():
            return
    base = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    is_current = base.get("work") == _written(work)
    dbt_runner.build(home, [EVENT_DAYS])
    if is_current:
        write_whole(path, json.dumps({**base, "work": _written(work)}).encode("utf-8"))


def _copy_published(home: Home) -> None:
    shutil.copyfile(home.warehouse, home.candidate / WAREHOUSE)
    os.chmod(home.candidate / WAREHOUSE, 0o600)


def merge_outcomes(earlier: list[Node], built: list[Node]) -> list[Node]:
    """The latest outcome of every node, parents first."""
    latest = {n.unique_id: n for n in earlier}
    latest.update((n.unique_id, n) for n in built)
    return list(latest.values())


def save_base(home: Home, nodes: list[Node], sha256: str, loads: dict[str, list[str]], inputs: dict[str, str]) -> None:
    """Let the next night build on this one, now that it is published. `loads`: the loads that its figures were made from; their
    rows may have been erased since. `inputs`: of `inputs_of`, when the night began.
    """
    base = {
        **inputs, "sha256": sha256, "file": _written(home.warehouse), "loads": loads,
        "work": _written(home.candidate / WORK), "nodes": [asdict(n) for n in nodes],
    }  # fmt: skip
    write_whole(home.candidate / BASE, json.dumps(base).encode("utf-8"))


def _base(home: Home, tonight: dict[str, list[str]]) -> dict[str, Any] | None:
    """What `save_base` stored, if this night can build on it. `tonight`: tonight's loads (`changed_months.loads_of`)."""
    path = home.candidate / BASE
    if not (path.exists() and home.warehouse.exists() and (home.candidate / WORK).exists()):
        return None
    try:
        base = json.loads(path.read_text(encoding="utf-8"))
        base["nodes"] = [Node(**n) for n in base["nodes"]]
    except (ValueError, TypeError, KeyError):
        # Written by another version, or cut short.
        return None
    if base.get("stamp") != _settings_hash(home):
        return None
    if base.get("work") != _written(home.candidate / WORK):
        # Something else wrote to it, such as a plain `dbt run`: it may differ from what was published.
        return None
    if any(not set(loads) <= set(tonight.get(x, ())) for x, loads in base["loads"].items()):
        # An older ledger was restored: it does not say which force a missing load belongs to.
        return None
    # An untouched file is not hashed: for a large one that takes seconds.
    is_same = base.get("file") == _written(home.warehouse) or base.get("sha256") == sha256_of(home.warehouse)
    return base if is_same else None


def inputs_of(home: Home) -> dict[str, str]:
    """Hashes of what figures are made from and judged by, beside files. A night takes them before it reads any of it: what
    somebody changes while it runs counts from the next night on. Raises OSError.
    """
    return {"stamp": _settings_hash(home), "rules": _rules(home)}


def state_of(home: Home, inputs: dict[str, str]) -> dict[str, Any]:
    """What a candidate is made from, and the state of its two files. If this changes, it must be built again. `inputs`: of
    `inputs_of`, when the night began.
    """
    files = {name: home.candidate / name for name in (WORK, WAREHOUSE)}
    written = {name: _written(path) for name, path in files.items() if path.exists()}
    return {**inputs, "loads": loads_of(home), **written}


def _written(path: Path) -> list[int]:
    """Changes when a file is written, but not when its home is copied or restored: bytes and nanoseconds of the last change."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _rules(home: Home) -> str:
    """A hash of the gate's suites, the project's and the home's own, and of the months that pass them."""
    accepted = accepted_file(home)
    digest = hashlib.sha256(accepted.read_bytes() if accepted.exists() else b"-")
    for folder in (EXPECTATIONS, home.expectations):
        for path in sorted(folder.rglob("*.yml")):
            digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _settings_hash(home: Home) -> str:
    """A hash of the project, and of the home's settings, lists and editions."""
    digest = hashlib.sha256(project_version().encode())
    digest.update(home.config_file.read_bytes() if home.config_file.exists() else b"-")
    for name in OWN_LISTS:
        path: Path = home.seeds / f"{name}.csv"
        digest.update(path.read_bytes() if path.exists() else b"-")
    for path in sorted(p for p in home.editions.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(home.editions)).encode() + path.read_bytes())
    return digest.hexdigest()
