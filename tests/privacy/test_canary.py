"""Nothing of a person leaves what must hold it: marked values in every column of every extract, looked for everywhere."""

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
import yaml
from how_often import IS_LONG
from sqlalchemy import Engine, event
from support import TODAY, begin, own_postgres, run_night
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.definitions import build_defs
from dagster_project.editions.model import FOLDER as EDITIONS
from dagster_project.orchestration.serve.instance import write_settings
from dagster_project.publishing import outputs, postgres
from dagster_project.publishing.outputs import OUTPUTS as ALL_OUTPUTS  # as it is before the tests leave them out
from dagster_project.publishing.postgres import embedded
from privacy.planting import plant, plant_unreadable
from privacy.searching import found_in, search

pytestmark = pytest.mark.begin_first

FORMS = {".html", ".csv", ".xlsx", ".docx"}
"""Of a report. Packed ones are looked into."""
ALLOWED = {
    "raw/_ledger/": "N",
    "nights/": "N",
    "raw/_withheld/": "KTC",
    "raw/": "TCKN",
    "quarantine/": "TCKNB",
    "candidate/work.duckdb": "TCKN",
    "candidate/": "CN",
    "published/": "CN",
    "publications/": "CN",
    "cache/charts/": "C",
}
"""Where rows, figures by category, or units that no list knows (`meta.vocabulary` lists them) are meant to be: the first
beginning of a path that fits says which marks may be there. Anywhere else there may be none."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Path, list[str]]]:
    """A home after three nights (published, held, failed) begun with a umask of 000, and all they left, said or threw away.

    The published one writes every output. Of the nights, the one that is held is run by Dagster's job: that stores an event
    for each of a thousand checks, and those of this night are the ones that say what was found.
    """
    folder = tmp_path_factory.mktemp("canary")
    thrown = folder / "thrown"
    for name in ("tmp", "thrown", "said"):
        (folder / name).mkdir()
    umask = os.umask(0)
    try:
        home = Home(folder / "home").create()
        # The command's entry sees to the umask of all that follows, as those of Dagster and `pam serve` do.
        CliRunner().invoke(app, ["status", "--home", str(home.path)])
        outcomes = []
        with pytest.MonkeyPatch.context() as patch, _heard(folder / "said" / "nights.txt"):
            patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
            _watch(patch, folder / "tmp", thrown)
            home.config_file.write_text('[[alerts.webhooks]]\nshape = "slack"\nurl = "http://127.0.0.1:9/"\n', encoding="utf-8")
            home.config_file.chmod(0o600)
            write_settings(home)
            if not IS_LONG:
                _shorten_edition(home)
            plant(home.inbox)
            event.listen(Engine, "connect", _sync_nothing)
            with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
                outcomes.append(_night(home, instance) if IS_LONG else run_night(home).receipt.outcome)
                _hold(home)
                outcomes.append(_night(home, instance))
                _fail(home)
                said = CliRunner().invoke(app, ["nightly", "--home", str(home.path)])
                print(said.output)
                outcomes.append(read_receipts(home)[-1].outcome)
    finally:
        os.umask(umask)
        if event.contains(Engine, "connect", _sync_nothing):
            event.remove(Engine, "connect", _sync_nothing)
    yield home, folder, outcomes


def _shorten_edition(home: Home) -> None:
    """Of the newest edition the tables whose rows are named by the data. All other words of it are the edition's own."""
    body = yaml.safe_load((EDITIONS / "2026-03.yml").read_text(encoding="utf-8"))
    body["tables"] = [t for t in body["tables"] if any("*" in row.values() for row in t["rows"])]
    assert len(body["tables"]) > 5
    home.editions.mkdir(mode=0o700)
    path = home.editions / "2026-03.yml"
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    path.chmod(0o600)


def _watch(patch: pytest.MonkeyPatch, temporary: Path, thrown: Path) -> None:
    """Have temporary files lie where they can be searched, and keep what is thrown away."""
    patch.setenv("TMPDIR", str(temporary))
    patch.setattr(tempfile, "tempdir", str(temporary))
    really = shutil.rmtree

    def keep(path: object, *args: object, **options: object) -> None:
        if Path(str(path)).is_dir():
            # Links lead to what is searched itself.
            shutil.copytree(str(path), thrown / f"{len(list(thrown.iterdir()))}", symlinks=True, dirs_exist_ok=True)
        really(path, *args, **options)

    patch.setattr(shutil, "rmtree", keep)


def _sync_nothing(connection: object, _: object) -> None:
    """Dagster's events need not survive a power cut: to write each of thousands to the disk takes half of the time."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


@contextlib.contextmanager
def _heard(path: Path) -> Iterator[None]:
    """Keep what is written to either standard stream, by Python and by libraries."""
    with path.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        before = [(fd, os.dup(fd)) for fd in (1, 2)]
        try:
            for fd, _ in before:
                os.dup2(file.fileno(), fd)
            yield
        finally:
            file.flush()
            for fd, kept in before:
                os.dup2(kept, fd)
                os.close(kept)


def _night(home: Home, instance: dg.DagsterInstance) -> str:
    from dagster_project.nights.end_night import end_night

    run = begin(home, today=TODAY)
    try:
        result = build_defs(run).resolve_job_def("nightly").execute_in_process(raise_on_error=False, instance=instance)
        assert result.success == (run.receipt is not None and run.receipt.outcome == "published")
    finally:
        end_night(run)
    return run.receipt.outcome


def _hold(home: Home) -> None:
    plant_unreadable(home.inbox)
    (home.seeds).mkdir(mode=0o700)
    lines = "derbyshire,north,North,a,Same\nderbyshire,north,North,b,Same\n"
    header = "force_code,section_code,section_name,lpu_code,lpu_name\n"
    (home.seeds / "areas.csv").write_text(header + lines, encoding="utf-8")


def _fail(home: Home) -> None:
    (home.seeds / "areas.csv").write_text("force_code\n", encoding="utf-8")


def allowed(where: str) -> str:
    if where.startswith("nights/") and where.endswith("__withdrawn.csv"):
        return "K"
    return next((marks for start, marks in ALLOWED.items() if where.startswith(start)), "")


def test_the_nights_were_such_as_were_meant(watched: tuple[Home, Path, list[str]]) -> None:
    home, _, outcomes = watched
    assert outcomes == ["published", "held", "failed"]
    originals = {role for _, marks in search(home.archive) for role in marks}
    assert originals >= set("IUTCKNBH"), "a mark that was never planted can't be missed"
    kept = {role for _, marks in search(home.quarantine) for role in marks}
    assert kept >= set("TKB"), "a search that finds nothing where rows are proves nothing"


def test_nothing_of_it_is_in_temporary_files_or_was_said(watched: tuple[Home, Path, list[str]]) -> None:
    _, folder, _ = watched
    assert [*search(folder / "tmp")] == []
    said = folder / "said" / "nights.txt"
    assert "nightly" in said.read_text(encoding="utf-8"), "Dagster's log goes to the standard streams"
    assert [*search(said.parent)] == []
    rows = {"K", "T", "C", "N"}
    thrown = [(where, {*marks} - rows) for where, marks in search(folder / "thrown")]
    assert [t for t in thrown if t[1]] == []


def test_commands_and_logs_tell_nothing(
    watched: tuple[Home, Path, list[str]], pam: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _, _ = watched
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    thrown = tmp_path / "thrown"
    thrown.mkdir()
    _watch(monkeypatch, tmp_path / "home_of_trials", thrown)
    (tmp_path / "home_of_trials").mkdir()
    out = tmp_path / "out"
    file = next(home.archive.rglob("op_trapped*2025-12-31*.csv"))
    said = [
        pam("inspect", file, "--json", "--home", home.path),
        pam("quarantine", "--limit", 0, "--home", home.path),
        pam("quarantine", "--out", out, "--home", home.path),
        pam("status", "--json", "--home", home.path),
        pam("audit", "show", "--limit", 0, "--home", home.path),
        pam("query", "select * from meta.checks", "--format", "csv", "--home", home.path),
        pam("query", "select 1 where 'ZQI0000X' = 'x' -- ZQI0000X", "--home", home.path),
    ]
    (tmp_path / "said.txt").write_text("\n".join(r.stdout + r.stderr for r in said), encoding="utf-8")
    seen = [(w, m) for w, marks in search(tmp_path) for m in marks if m in "IUH"]
    assert seen == []


def test_a_report_in_public_form_has_categories_and_no_more(
    watched: tuple[Home, Path, list[str]], pam: Callable, tmp_path: Path
) -> None:
    """The other form is what the night published."""
    result = pam("report", "--home", watched[0].path, "--out", tmp_path / "report", "--public")
    assert result.exit_code == 0, result.output
    found = dict(search(tmp_path))
    assert {role for marks in found.values() for role in marks} == {"C"}
    assert {Path(where).suffix for where in found} >= FORMS


def test_postgresql_has_categories_and_no_more(watched: tuple[Home, Path, list[str]], tmp_path: Path) -> None:
    """Every value of every relation, the catalogue's among them (comments, statistics, definitions), and every file."""
    home, _, _ = watched
    with own_postgres(Home(tmp_path / "home")) as server:
        assert postgres.load_if_newer(home, postgres.Server.of(server.loader_file.read_text().strip())).outcome == "loaded"
        with psycopg.connect(server.admin_file.read_text().strip().rsplit("/", 1)[0] + "/pam", autocommit=True) as con:
            con.execute("analyze")
            relations = con.execute(
                "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class as c"
                " join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p')"
                " and c.relname not like '%_numa'"  # not there on every machine
            ).fetchall()
            where = {}
            for (relation,) in relations:
                text = "\n".join(str(row) for row in con.execute(f"select t::text from {relation} as t").fetchall())
                if marks := found_in(text.encode()):
                    where[relation] = marks
        files = {role for _, marks in search(embedded.server_folder(Home(tmp_path / "home"))) for role in marks}
    assert {role for marks in where.values() for role in marks} == {"C", "N"}, where
    assert {relation for relation, marks in where.items() if "N" in marks} <= {
        "meta.vocabulary", "meta.files", "meta.checks", "pg_catalog.pg_statistic", "pg_catalog.pg_stats",
    }, where
    assert {"marts.measures", "bi.fact_figure", "pg_catalog.pg_statistic"} <= {*where} and len(relations) > 150
    assert files <= {"C", "N"}


def test_no_mark_is_where_it_must_not_be(watched: tuple[Home, Path, list[str]]) -> None:
    """After the nights, and all that was asked since."""
    home, _, _ = watched
    found = dict(search(home.path, but=("inbox", "archive")))
    leaks = [f"{where}: {mark}" for where, marks in found.items() for role, mark in marks.items() if role not in allowed(where)]
    assert leaks == []
    published = [Path(where) for where, marks in found.items() if where.startswith("published/") and "C" in marks]
    assert {p.suffix for p in published if "report" in p.parts} >= FORMS
    assert {o.folder for o in ALL_OUTPUTS} <= {part for p in published for part in p.parts}, "every output was searched"


def test_a_home_is_its_owner_s_alone_though_the_umask_was_none(watched: tuple[Home, Path, list[str]]) -> None:
    """Inbox and archive too; what the test itself wrote aside."""
    home, _, _ = watched
    own = {home.seeds / "areas.csv", *(p for p in home.inbox.rglob("*"))}
    found = [p for p in (home.path, *home.path.rglob("*")) if not p.is_symlink() and p not in own]
    assert len(found) > 100
    open_to_others = [str(p) for p in found if p.stat().st_mode & 0o077]
    assert open_to_others == []
    assert {stat.S_IMODE(p.stat().st_mode) for p in found if p.is_dir()} == {0o700}
