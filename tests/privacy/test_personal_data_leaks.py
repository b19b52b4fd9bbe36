"""Personal data stays where it belongs: every column of every extract has marked values, which are then searched everywhere."""

import contextlib
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from how_often import IS_LONG
from sqlalchemy import Engine, event
from support import TODAY, begin, own_postgres, run_night, shorten_edition
from typer.testing import CliRunner

from dagster_project.cli import load_app
from dagster_project.core.home import Home
from dagster_project.core.read_database import read_database
from dagster_project.core.receipts import read_receipts
from dagster_project.definitions import build_defs
from dagster_project.orchestration.serve.instance import write_settings
from dagster_project.publishing import outputs, postgres
from dagster_project.publishing.outputs import OUTPUTS as ALL_OUTPUTS  # before the tests patch it
from dagster_project.publishing.postgres import embedded
from privacy.marked_values import WINDOW, write_marked_extracts, write_unlisted_values, write_unreadable_files
from privacy.search_marks import mark_letters, marked, search

pytestmark = pytest.mark.begin_first

FORMS = {".html", ".csv", ".xlsx", ".docx"}
"""Files of a report. Packed ones are unpacked."""
ALLOWED = {
    "raw/_ledger/": "NL",
    "nights/": "NL",
    "raw/_withheld/": "KTC",
    "raw/": "TCKNL",
    "quarantine/": "TCKNB",
    "candidate/work.duckdb": "TCKNL",
    "candidate/": "CNL",
    "published/": "CNL",
    "publications/": "CNL",
    "checks/": "L",
    "cache/charts/": "C",
}
"""Where rows, figures by category, and values that are on no list (`meta.vocabulary` lists them) may be: the first beginning
that fits a path says which marks are allowed there. Anywhere else none is."""


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Path, list[str]]]:
    """A home after three nights (published, held, failed) begun under umask 000; a folder with their temporary files, output
    and deleted folders; their outcomes.

    The published night writes every output. Dagster's job runs the held one: it stores an event for each of a thousand checks,
    and this night's failed checks quote what they found.
    """
    folder = tmp_path_factory.mktemp("leaks")
    deleted = folder / "deleted"
    for name in ("tmp", "deleted", "output"):
        (folder / name).mkdir()
    umask = os.umask(0)
    try:
        home = Home(folder / "home").create()
        # The command sets the umask for everything that follows, as do Dagster and `pam serve` when they start.
        CliRunner().invoke(load_app(), ["status", "--home", str(home.path)])
        outcomes = []
        with pytest.MonkeyPatch.context() as patch, _capture_output(folder / "output" / "nights.txt"):
            patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
            _keep_for_search(patch, folder / "tmp", deleted)
            home.config_file.write_text('[[alerts.webhooks]]\nshape = "slack"\nurl = "http://127.0.0.1:9/"\n', encoding="utf-8")
            home.config_file.chmod(0o600)
            write_settings(home)
            if not IS_LONG:
                shorten_edition(home)
            write_marked_extracts(home.inbox)
            write_unlisted_values(home.inbox, WINDOW)
            event.listen(Engine, "connect", _skip_sync)
            with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
                outcomes.append(_run_job(home, instance) if IS_LONG else run_night(home).receipt.outcome)
                _make_next_night_held(home)
                outcomes.append(_run_job(home, instance))
                _make_next_night_fail(home)
                result = CliRunner().invoke(load_app(), ["nightly", "--home", str(home.path)])
                print(result.output)
                outcomes.append(read_receipts(home)[-1].outcome)
    finally:
        os.umask(umask)
        if event.contains(Engine, "connect", _skip_sync):
            event.remove(Engine, "connect", _skip_sync)
    yield home, folder, outcomes


def _keep_for_search(patch: pytest.MonkeyPatch, temporary: Path, deleted: Path) -> None:
    """Put temporary files where they can be searched, and copy each folder into `deleted` before it is deleted."""
    patch.setenv("TMPDIR", str(temporary))
    patch.setattr(tempfile, "tempdir", str(temporary))
    rmtree = shutil.rmtree

    def copy_and_delete(path: object, *args: object, **options: object) -> None:
        if Path(str(path)).is_dir():
            # Links lead to files that are searched themselves.
            shutil.copytree(str(path), deleted / f"{len(list(deleted.iterdir()))}", symlinks=True, dirs_exist_ok=True)
        rmtree(path, *args, **options)

    patch.setattr(shutil, "rmtree", copy_and_delete)


def _skip_sync(connection: object, _: object) -> None:
    """Dagster's events need not survive a power cut, and writing thousands through to the disk takes half of the time."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


@contextlib.contextmanager
def _capture_output(path: Path) -> Iterator[None]:
    """Write to a file what Python and libraries write to the standard streams."""
    with path.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        originals = [(fd, os.dup(fd)) for fd in (1, 2)]
        try:
            for fd, _ in originals:
                os.dup2(file.fileno(), fd)
            yield
        finally:
            file.flush()
            for fd, original in originals:
                os.dup2(original, fd)
                os.close(original)


def _run_job(home: Home, instance: dg.DagsterInstance) -> str:
    """Run a night by Dagster's job. Returns its outcome."""
    from dagster_project.nights.end_night import end_night

    run = begin(home, today=TODAY)
    try:
        result = build_defs(run).resolve_job_def("nightly").execute_in_process(raise_on_error=False, instance=instance)
        assert result.success == (run.receipt is not None and run.receipt.outcome == "published")
    finally:
        end_night(run)
    return run.receipt.outcome


def _make_next_night_held(home: Home) -> None:
    write_unreadable_files(home.inbox)
    write_unlisted_values(home.inbox, "2025-03-01__2025-03-31")
    (home.seeds).mkdir(mode=0o700)
    lines = "derbyshire,north,North,a,Same\nderbyshire,north,North,b,A\n"
    header = "force_code,section_code,section_name,lpu_code,lpu_name\n"
    (home.seeds / "areas.csv").write_text(header + lines, encoding="utf-8")


def _make_next_night_fail(home: Home) -> None:
    (home.seeds / "areas.csv").write_text("force_code\n", encoding="utf-8")


def allowed_marks(path: str) -> str:
    if path.startswith("nights/") and path.endswith("__withdrawn.csv"):
        return "K"
    if path.startswith(("candidate/", "published/")) and path.endswith("/warehouse.duckdb"):
        return "CNL"
    return next((marks for start, marks in ALLOWED.items() if path.startswith(start)), "")


def test_nights_end_as_intended_and_every_mark_is_stored(three_nights: tuple[Home, Path, list[str]]) -> None:
    home, _, outcomes = three_nights
    assert outcomes == ["published", "held", "failed"]
    originals = {role for _, marks in search(home.archive) for role in marks}
    assert originals >= set("IUTCKNBHL"), "every kind of mark was written"
    quarantined = {role for _, marks in search(home.quarantine) for role in marks}
    assert quarantined >= set("TKB"), "the search finds marks where rows are"


def test_temporary_files_and_output_have_no_marks(three_nights: tuple[Home, Path, list[str]]) -> None:
    _, folder, _ = three_nights
    assert [*search(folder / "tmp")] == []
    output = folder / "output" / "nights.txt"
    assert "nightly" in output.read_text(encoding="utf-8"), "Dagster's log goes to the standard streams"
    assert [*search(output.parent)] == []
    rows = {"K", "T", "C", "N", "L"}
    deleted = [(path, {*marks} - rows) for path, marks in search(folder / "deleted")]
    assert [d for d in deleted if d[1]] == []


def test_commands_and_logs_show_no_identifiers(
    three_nights: tuple[Home, Path, list[str]], pam: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _, _ = three_nights
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deleted = tmp_path / "deleted"
    deleted.mkdir()
    _keep_for_search(monkeypatch, tmp_path / "dry_runs", deleted)
    (tmp_path / "dry_runs").mkdir()
    out = tmp_path / "out"
    file = next(home.archive.rglob("op_trapped*2025-12-31*.csv"))
    results = [
        pam("inspect", file, "--json", "--home", home.path),
        pam("quarantine", "--limit", 0, "--home", home.path),
        pam("quarantine", "--out", out, "--home", home.path),
        pam("status", "--json", "--home", home.path),
        pam("audit", "show", "--limit", 0, "--home", home.path),
        pam("query", "select * from meta.checks", "--format", "csv", "--home", home.path),
        pam("query", "select 1 where 'ZQI0000X' = 'x' -- ZQI0000X", "--home", home.path),
    ]
    (tmp_path / "output.txt").write_text("\n".join(r.stdout + r.stderr for r in results), encoding="utf-8")
    leaks = [(path, m) for path, marks in search(tmp_path) for m in marks if m in "IUH"]
    assert leaks == []


def test_a_report_in_public_form_has_only_categories(
    three_nights: tuple[Home, Path, list[str]], pam: Callable, tmp_path: Path
) -> None:
    """The full form is what the night published."""
    result = pam("report", "--home", three_nights[0].path, "--out", tmp_path / "report", "--public")
    assert result.exit_code == 0, result.output
    files = dict(search(tmp_path))
    assert {role for marks in files.values() for role in marks} == {"C"}
    assert {Path(path).suffix for path in files} >= FORMS


@pytest.mark.long
def test_postgresql_has_only_categories_and_unknown_values(three_nights: tuple[Home, Path, list[str]], tmp_path: Path) -> None:
    """Searches every value of every relation, catalogue included (comments, statistics, definitions), and every file."""
    home, _, _ = three_nights
    with own_postgres(Home(tmp_path / "home")) as server:
        assert postgres.load_if_newer(home, postgres.Server.of(server.loader_file.read_text().strip())).outcome == "loaded"
        with psycopg.connect(server.admin_file.read_text().strip().rsplit("/", 1)[0] + "/pam", autocommit=True) as con:
            con.execute("analyze")
            relations = con.execute(
                "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class as c"
                " join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p')"
                " and c.relname not like '%_numa'"  # missing on some machines
            ).fetchall()
            marks_by_relation = {}
            for (relation,) in relations:
                text = "\n".join(str(row) for row in con.execute(f"select t::text from {relation} as t").fetchall())
                if marks := mark_letters(text.encode()):
                    marks_by_relation[relation] = marks
        files = {role for _, marks in search(embedded.server_folder(Home(tmp_path / "home"))) for role in marks}
    assert {role for marks in marks_by_relation.values() for role in marks} == {"C", "N", "L"}, marks_by_relation
    assert {relation for relation, marks in marks_by_relation.items() if {"N", "L"} & marks} <= {
        "meta.vocabulary",
        "meta.checks",
        "pg_catalog.pg_statistic",
        "pg_catalog.pg_stats",
    }, marks_by_relation
    assert {"marts.measures", "bi.fact_figure", "pg_catalog.pg_statistic"} <= {*marks_by_relation} and len(relations) > 150
    assert files <= {"C", "N", "L"}


def test_only_the_list_of_unknown_values_and_warnings_have_them(three_nights: tuple[Home, Path, list[str]]) -> None:
    """Reasons of held files say how many there are."""
    with read_database(three_nights[0].warehouse) as con:
        relations = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() union all"
            " select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        marks = {relation: mark_letters(marked(con, relation)) for (relation,) in relations}
        assert {relation for relation, letters in marks.items() if letters - {"C"}} == {"meta.vocabulary", "meta.checks"}
        assert marks["meta.vocabulary"] == {"N", "L"}
        held = con.execute("select reason from meta.files where outcome = 'held' and force_code = 'essex'").fetchall()
    assert held and all("20 values; pam vocabulary shows them" in reason for (reason,) in held)


def test_every_mark_in_the_home_is_in_an_allowed_place(three_nights: tuple[Home, Path, list[str]]) -> None:
    """After the nights and the commands of the tests above."""
    home, _, _ = three_nights
    files = dict(search(home.path, exclude=("inbox", "archive")))
    leaks = [f"{p}: {mark}" for p, marks in files.items() for role, mark in marks.items() if role not in allowed_marks(p)]
    assert leaks == []
    published = [Path(p) for p, marks in files.items() if p.startswith("published/") and "C" in marks]
    assert {p.suffix for p in published if "report" in p.parts} >= FORMS
    assert {o.name for o in ALL_OUTPUTS} <= {part for p in published for part in p.parts}, "every output was searched"


def test_only_the_owner_can_enter_a_home_made_with_umask_000(three_nights: tuple[Home, Path, list[str]]) -> None:
    """Inbox and archive too, except files that the test itself wrote."""
    home, _, _ = three_nights
    written_by_test = {home.seeds / "areas.csv", *(p for p in home.inbox.rglob("*"))}
    paths = [p for p in (home.path, *home.path.rglob("*")) if not p.is_symlink() and p not in written_by_test]
    assert len(paths) > 100
    open_to_others = [str(p) for p in paths if p.stat().st_mode & 0o077]
    assert open_to_others == []
    assert {stat.S_IMODE(p.stat().st_mode) for p in paths if p.is_dir()} == {0o700}
