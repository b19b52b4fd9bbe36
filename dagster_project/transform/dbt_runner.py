"""Runs dbt in this process. The manifest is parsed once and cached; connections are closed after a run."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterable, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.core.check_results import Check
from dagster_project.core.errors import Cause, PamError, interrupt_in
from dagster_project.core.files import write_for_all
from dagster_project.core.home import DBT_PROJECT, SEEDS, Engine, Home
from dagster_project.core.import_speed import defer_serializers
from dagster_project.core.memory import memory_settings
from dagster_project.core.plurals import counted

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

TARGET = DBT_PROJECT / "target"
VIEW = "night_view"
"""The materialization of models that are views (dbt/macros/materializations.sql)."""

_dbt_lock = threading.Lock()
"""dbt keeps its flags and its adapter in module globals."""

Progress = Callable[[str, str], None]
"""Called with a node's name and its status as each is done."""


class BuildError(PamError, RuntimeError):
    """dbt could not build the candidate. The message names the models and quotes dbt."""

    cause = Cause.MODEL


SKIPPED_TESTS = "skipped_tests"
"""The rule that dbt skipped no test."""


@dataclass(frozen=True)
class Node:
    """The outcome of one dbt node."""

    unique_id: str
    name: str
    kind: str
    """model, seed, test or unit_test."""
    status: str
    """success, pass, fail, warn, error or skipped."""
    message: str
    seconds: float
    subject: str = ""
    """The model that a test is of; `project` for a test of none; blank for what is no test."""
    description: str = ""
    only_warns: bool = False
    """Whether it is a test with `severity: warn`, or one that found less than its `error_if`."""

    @property
    def ok(self) -> bool:
        """Whether it was built, or passed."""
        return self.status in ("success", "pass", "warn")


@cache
def project_digest() -> str:
    """A hash of everything that the manifest is made from, as read at the first call."""
    digest = hashlib.sha256(f"{version('dbt-core')} {DBT_PROJECT}".encode())
    files = [
        *DBT_PROJECT.glob("*.yml"),
        *(p for folder in ("models", "macros", "tests") for p in (DBT_PROJECT / folder).rglob("*") if p.is_file()),
        *(p for p in SEEDS.iterdir() if p.suffix in (".csv", ".yml")),
    ]
    for path in sorted(files):
        digest.update(str(path.relative_to(DBT_PROJECT.parent)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class ProjectRelation:
    """A model, seed or source of the project. `parents`: the ids of what it reads."""

    kind: str
    schema: str
    name: str
    description: str
    parents: tuple[str, ...]


def project_relations() -> dict[str, ProjectRelation]:
    """The models, seeds and sources of the project, by their ids in dbt."""
    parsed = manifest()
    nodes = {
        x: ProjectRelation(kind, n.schema, n.alias, n.description, tuple(n.depends_on_nodes) if kind == "model" else ())
        for x, n in parsed.nodes.items()
        if (kind := n.resource_type.value) in ("model", "seed")
    }
    return nodes | {x: ProjectRelation("source", n.schema, n.name, n.description, ()) for x, n in parsed.sources.items()}


def preload() -> None:
    """Load dbt and read the project now, which takes two seconds."""
    defer_serializers()
    from dbt.adapters.duckdb import connections  # noqa: F401
    from dbt.cli.main import dbtRunner  # noqa: F401

    manifest()


def manifest(engine: Engine = "duckdb") -> "Manifest":
    """The parsed dbt project for an engine, from the cache in target/ if nothing has changed since. Raises BuildError."""
    return _read_project(engine)[0]


def manifest_json() -> dict[str, Any]:
    """The parsed project as dbt's own `manifest.json`. Raises BuildError."""
    read: dict[str, Any] = json.loads(_read_project("duckdb")[1])
    return read


@cache
def _read_project(engine: Engine) -> tuple["Manifest", bytes]:
    # `cache` takes a call with the default engine and one that names it for two: the project would be read twice.
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

    digest, folder = project_digest(), TARGET if engine == "duckdb" else TARGET / engine
    files = [folder / name for name in ("pam_manifest.msgpack", "manifest.json", "pam_manifest.digest")]
    # Missing, another user's, of another version or cut short: parse again.
    with suppress(Exception):
        content, as_json, stored = (path.read_bytes() for path in files)
        # Two processes that parse two versions at once could leave the digest of one beside the project of the other.
        if stored == _with_contents(digest, content, as_json):
            return Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder), as_json
    with TemporaryDirectory(prefix="pam-parse-") as parse_folder:
        parsed: Manifest = _invoke(["parse", "--no-partial-parse", "--target", engine], None, Path(parse_folder)).result
        as_json = (Path(parse_folder) / "manifest.json").read_bytes()
    # Dates in the YAML (of unit tests) need dbt's own encoder.
    encoder: Any = extended_mashumaro_encoder
    content = parsed.to_msgpack(encoder)
    # A night's user may not write in the checkout: this process then does with what it parsed.
    with suppress(OSError):
        for path, data in zip(files, (content, as_json, _with_contents(digest, content, as_json)), strict=True):
            write_for_all(path, data)
    return parsed, as_json


def _with_contents(digest: str, *contents: bytes) -> bytes:
    return " ".join([digest, *(hashlib.sha256(content).hexdigest() for content in contents)]).encode()


def read_project_again() -> None:
    """Have the next call read the project anew."""
    project_digest.cache_clear()
    _read_project.cache_clear()


@contextmanager
def _closing_connections(engine: Engine = "duckdb") -> Generator[None]:
    """Close dbt's connections afterwards: dbt-duckdb leaves its file open for writing, and nothing could read or move it.

    dbt only drops its references; a traceback or a cycle that still has one would keep the file open. Connections of dbt's
    threads are closed first.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import get_adapter_by_type

    try:
        yield
    finally:
        with suppress(KeyError):  # dbt stopped before it had an adapter
            get_adapter_by_type(engine).cleanup_connections()  # pyrefly: ignore[missing-attribute]  # of the adapters for SQL
        if environment := DuckDBConnectionManager._ENV:
            environment.close()
        DuckDBConnectionManager.close_all_connections()


def _invoke(args: list[str], parsed: "Manifest | None", target: Path, progress: Progress | None = None) -> Any:
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        if progress and event.info.name == "NodeFinished":
            progress(event.data.node_info.node_name, event.data.node_info.node_status)

    result = dbtRunner(manifest=parsed, callbacks=[on_event]).invoke(
        [
            "--quiet", "--log-level", "none", "--log-level-file", "none", *args, "--project-dir", str(DBT_PROJECT),
            "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target), "--log-path", str(target),
        ]
    )  # fmt: skip
    if interrupt := interrupt_in(result.exception):
        # Somebody interrupted the night: that is not dbt's error.
        raise interrupt
    if result.exception:
        raise BuildError.quoting(f"dbt {args[0]}: {result.exception}") from result.exception
    if result.result is None:
        raise BuildError(f"dbt {args[0]} gave no result")
    return result


def _environment(home: Home) -> dict[str, str]:
    """The variables that profiles.yml reads."""
    limits = memory_settings(home)
    return {
        "PAM_CANDIDATE": str(home.candidate), "PAM_MEMORY": limits["memory_limit"], "PAM_SPILL": limits["temp_directory"],
        "PAM_SPILL_LIMIT": limits["max_temp_directory_size"],
    }  # fmt: skip


def build(home: Home, select: Sequence[str] = (), progress: Progress | None = None, engine: Engine = "duckdb") -> list[Node]:
    """Build and test the candidate's models, in its files; with the engine spark, in the open Spark session. `select`: only
    these nodes, as dbt selects them; empty: all.

    Returns the outcome of every node, failed tests included. Raises BuildError if dbt itself can't run.
    """
    args = [
        "build", "--no-write-json", "--exclude", "resource_type:unit_test", "resource_type:exposure",
        # Our materialisations look for no existing relation. Seeds do, and then dbt lists their schema alone.
        "--no-populate-cache", *(("--select", *select) if select else ()), "--target", engine,
    ]  # fmt: skip
    with _dbt_lock:
        os.environ |= _environment(home)
        with _closing_connections(engine):
            result = _invoke(args, manifest(engine), home.candidate / "dbt", progress)
    return [
        Node(
            unique_id=r.node.unique_id,
            name=r.node.name,
            kind=str(r.node.resource_type),
            status=str(r.status),
            message=(r.message or "").strip(),
            seconds=r.execution_time,
            subject=_subject(r.node),
            description=r.node.description,
            # A test that could not run holds the night, whatever its severity: it found nothing out.
            only_warns=str(r.status) == "warn" or (_only_warns(r.node) and str(r.status) != "error"),
        )
        for r in result.result.results
    ]


def failed_models(nodes: Iterable[Node]) -> list[Node]:
    """Models and seeds that were not built. If there are any, the night has failed."""
    return [n for n in nodes if n.kind in ("model", "seed") and not n.ok]


def checks(nodes: Sequence[Node]) -> list[Check]:
    """dbt's tests as checks of the gate, critical unless dbt only warns. Those that it skipped are one check: only what failed
    says what to correct."""
    found = [
        Check(
            suite="dbt",
            subject=n.subject,
            rule=n.name,
            severity="warning" if n.only_warns else "critical",
            passed=n.status == "pass",
            found="" if n.status == "pass" else (n.message or n.status),
            reason=n.description or "A key or a list of the models.",
            advice="Look at the rows that the test selects: `pam dbt test -s " + n.name + "`.",
            message="" if n.status == "pass" else f"{n.subject}: dbt's test {n.name}: {n.message or n.status}",
        )
        for n in nodes
        if n.kind == "test" and n.status != "skipped"
    ]
    if n_skipped := sum(n.kind == "test" and n.status == "skipped" for n in nodes):
        skipped = Check(
            suite="dbt",
            subject="project",
            rule=SKIPPED_TESTS,
            severity="critical",
            passed=False,
            found=f"{n_skipped} skipped",
            reason="dbt skips the tests of what depends on a model whose own test fails.",
            advice="Correct what failed: the next night runs them.",
            message=f"{counted(n_skipped, 'test')} of dbt did not run, because of what failed",
        )
        found.append(skipped)
    return found


def skipped_tests(rules: Set[str]) -> list[Check]:
    """The tests that a night skipped, as checks that did not pass: its receipt, whose rules are given, has their number alone,
    and they must not keep the result of an earlier night."""
    if SKIPPED_TESTS not in rules:
        return []
    tests = (n for n in manifest().nodes.values() if n.resource_type.value == "test" and n.name not in rules)
    return [
        Check("dbt", _subject(n), n.name, "warning" if _only_warns(n) else "critical", False, "skipped", "", "") for n in tests
    ]


def _only_warns(node: Any) -> bool:
    """Whether it is a test with `severity: warn`."""
    return node.resource_type == "test" and str(node.config.severity).lower() == "warn"


def _subject(node: Any) -> str:
    attached = getattr(node, "attached_node", None)
    return attached.split(".")[-1] if attached else "project" if node.resource_type == "test" else ""


def _parsed_for(args: list[str]) -> "Manifest | None":
    """The cached project; None if `args` or the environment make dbt parse it differently."""
    names = {arg.partition("=")[0] for arg in args}
    changing = {
        "parse", "--help", "-h", "--version", "--vars", "--target", "--profile", "--project-dir", "--profiles-dir",
        "--store-failures", "--no-partial-parse",
    }  # fmt: skip
    if names & changing or any(arg.startswith("-t") for arg in args):
        return None
    if {"DBT_TARGET", "DBT_PROFILE", "DBT_STORE_FAILURES"} & set(os.environ):
        return None
    return manifest()


def run_by_hand(home: Home, args: list[str]) -> int:
    """`pam dbt ARGS`: run dbt as its command line does, on the home's candidate. Returns the exit code.

    Other files of dbt (compiled SQL, logs, `static_index.html`) go to candidate/dbt/, unless `args` say otherwise.
    """
    from dbt.cli.main import dbtRunner

    parsed = _parsed_for(args)
    environment = {
        **_environment(home),
        "DBT_PROJECT_DIR": DBT_PROJECT,
        "DBT_PROFILES_DIR": DBT_PROJECT,
        "DBT_TARGET_PATH": home.candidate / "dbt",
        "DBT_LOG_PATH": home.candidate / "dbt" / "logs",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update({name: str(path) for name, path in environment.items()})
    try:
        with _closing_connections():
            result = dbtRunner(manifest=parsed).invoke(args)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return 0 if result.success else 1


PACKAGE = Path(__file__).parents[1]


@cache
def project_version() -> str:
    """A hash of the dbt project, the contracts, the code and DuckDB's version, as read at the first call."""
    digest = hashlib.sha256(f"{project_digest()} {duckdb.__version__}".encode())
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
