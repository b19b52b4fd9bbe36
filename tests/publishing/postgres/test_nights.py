"""Nights are loaded into PostgreSQL after publishing; a failure is reported everywhere, and the password nowhere."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from support import night as nights_steps
from support import publish_night, run_night, write_extract

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import sha256_of
from dagster_project.core.receipts import Receipt, read_receipts, write_receipt
from dagster_project.nights.alerts.log import AlertLog
from dagster_project.nights.health import find_problems
from dagster_project.nights.saved_steps import Plan
from dagster_project.publishing import postgres
from dagster_project.publishing.postgres import PostgresError, Server, embedded, load, server
from dagster_project.publishing.postgres.errors import connection_error

from .conftest import Database

SECRET = "pass-word-of-nobody"


def files(folder: Path) -> str:
    """All bytes of a home, as text."""
    return "".join(p.read_bytes().decode("latin-1") for p in folder.rglob("*") if p.is_file())


def test_two_nights_one_without_a_server_and_one_with(
    new_home: Home, make_database: Callable[..., Database], pam: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_extract(new_home.inbox, "naloxone", [("N1", "2025-05-20", "Dales")],
                  columns=("administration_ref", "administered_at", "lpu"))  # fmt: skip
    monkeypatch.setenv("PAM_POSTGRES_DSN", f"postgresql://pam_loader:{SECRET}@127.0.0.1:1/pam")
    night = pam("nightly", "--home", new_home.path, "--wait", 0)
    assert night.exit_code == 3, night.stderr
    assert "Published, but not loaded into PostgreSQL, which keeps its earlier night." in night.stderr
    assert "PostgreSQL at pam_loader@127.0.0.1:1/pam does not answer" in night.stderr
    (receipt,) = read_receipts(new_home)
    assert (receipt.outcome, receipt.postgres["outcome"]) == ("published", "failed")
    assert "does not answer" in receipt.not_in_postgres
    assert new_home.warehouse.exists()
    (message,) = AlertLog(new_home).read()[0]
    (event,) = (e for e in message.events if e.kind == "not_served")
    assert event.see == "PostgreSQL behind" and "PostgreSQL behind" in message.subject
    assert f"pam postgres load --home {new_home.path}" in event.todo[-1]
    assert any("is not in PostgreSQL: PostgreSQL at" in text for text in find_problems(new_home, 1e9))
    status = pam("postgres", "status", "--home", new_home.path)
    assert status.exit_code == 1 and "does not answer" in status.stderr
    for text in (night.stdout, night.stderr, status.stderr, files(new_home.path)):
        assert SECRET not in text

    database = make_database("nights")
    dsn = tmp_path / "dsn"
    dsn.write_text(database.loader + "\n")
    dsn.chmod(0o600)
    monkeypatch.delenv("PAM_POSTGRES_DSN")
    monkeypatch.setenv("PAM_POSTGRES_DSN_FILE", str(dsn))
    # A night without new files loads the published night into a server that lacks it.
    run = run_night(new_home)
    assert run.receipt.outcome == "unchanged"
    assert (run.receipt.postgres["outcome"], run.receipt.postgres["night_id"]) == ("loaded", receipt.night_id)

    write_extract(new_home.inbox, "naloxone", [("N1", "2025-05-20", "Dales")], stamp="20260106T020000Z",
                  columns=("administration_ref", "administered_at", "lpu"))  # fmt: skip
    # Killed after publishing: re-executed from its failure, Dagster does the rest.
    published = publish_night(new_home, plan=Plan("a"))
    assert not published.receipt.postgres
    with nights_steps(new_home, plan=Plan("b", ("a",), lands=False, publishes=False)) as run:
        run.load_postgres()
    assert run.receipt.night_id == published.receipt.night_id == read_receipts(new_home)[-1].night_id
    assert run.receipt.postgres["outcome"] == "loaded" and run.receipt.postgres["night_id"] == run.receipt.night_id
    assert run.receipt.seconds["serving"] > 0 and not any("PostgreSQL" in text for text in find_problems(new_home, 1e9))
    assert database.as_analyst("select night_id from meta.nights where finished_at is null") == [(run.receipt.night_id,)]
    may = "select value from mart_naloxone where period_label = 'May 2025' and area_type = 'force'"
    assert database.as_analyst(may) == [(1,)]
    status = pam("postgres", "status", "--json", "--home", new_home.path)
    state = json.loads(status.stdout)
    assert status.exit_code == 0 and state["serves"] == state["published"] == run.receipt.night_id

    # A night that is published again is loaded, too, and what keeps it from that is told until somebody loads it.
    assert postgres.load_if_newer(new_home).outcome == "there already"
    to, serves = ("--by", "A. Person", "--why", "to try it", "--home", new_home.path), "select max(night_id) from meta.nights"
    back = pam("rollback", receipt.night_id, *to)
    assert back.exit_code == 0 and "PostgreSQL serves it, too" in back.stdout
    assert database.as_analyst(serves) == [(receipt.night_id,)]
    assert pam("rollback", run.receipt.night_id, *to).exit_code == 0
    with monkeypatch.context() as patch:
        patch.delenv(server.DSN, raising=False)
        patch.delenv(server.DSN_FILE, raising=False)
        back = pam("rollback", receipt.night_id, *to)
    assert back.exit_code == 1 and "still serves the night that it had: nights go there, and PAM_POSTGRES_DSN is" in back.stderr
    assert [p for p in find_problems(new_home, 1e9) if f"night {receipt.night_id} is published again, but not in Postgre" in p]
    assert postgres.load_if_newer(new_home).outcome == "there already"
    assert pam("postgres", "status", "--home", new_home.path).exit_code == 1
    with locked(new_home):
        assert "another night is under way" in pam("postgres", "load", "--home", new_home.path).stderr
    loaded = pam("postgres", "load", "--home", new_home.path)
    served = [(r.night_id, r.postgres["night_id"]) for r in read_receipts(new_home) if r.outcome == "published"]
    assert served == [(n, n) for n in (receipt.night_id, run.receipt.night_id)], "its receipts alone say it"
    assert not [p for p in find_problems(new_home, 1e9) if "PostgreSQL" in p]
    assert loaded.exit_code == 0 and f"PostgreSQL serves night {receipt.night_id}" in loaded.stdout
    assert database.as_analyst("select night_id from meta.nights where finished_at is null") == [(receipt.night_id,)]
    # A failed load is withdrawn from the audit log.
    night = "dagster_project.publishing.postgres.when_to_load"
    monkeypatch.setattr(f"{night}.load", lambda *_: (_ for _ in ()).throw(PostgresError("no room")))
    monkeypatch.setattr(f"{night}.published_night", lambda _: run.receipt.night_id)
    with pytest.raises(PostgresError):
        postgres.load_if_newer(new_home, by_hand=True)
    disclosure, withdrawal = [*read_log(new_home)][-2:]
    assert withdrawal.facts["what"] == "not loaded to PostgreSQL" and withdrawal.facts["withdraws"] == [disclosure.n]
    assert not next(r for r in read_receipts(new_home) if r.night_id == receipt.night_id).not_in_postgres


def test_another_home_s_night_is_replaced_by_hand_alone(
    make_database: Callable[..., Database], small_night: Callable[..., Path], new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is newer or older: a home for trying things must not replace the figures that people read."""
    server, night = make_database("two_homes").server, "20260106T020000Z"
    monkeypatch.setattr("dagster_project.publishing.postgres.when_to_load.published_night", lambda _: night)
    new_home.warehouse.parent.mkdir(exist_ok=True)
    small_night(night).rename(new_home.warehouse)
    times, digest = ("2026-01-06T02:00:00Z", "2026-01-06T02:01:00Z"), sha256_of(new_home.warehouse)
    write_receipt(new_home, Receipt(night, "published", *times, sha256=digest))
    # Two homes that begin at the same second have nights of one id.
    for other in ("20260105T020000Z", "20260107T020000Z", night):
        load(small_night(other, "create table marts.more as select 1 as one"), server, new_home.candidate / "postgres", False)
        for is_rollback in (False, True):
            with pytest.raises(PostgresError, match=f"holds night {other}, of which this home has no receipt"):
                postgres.load_if_newer(new_home, server, is_rollback=is_rollback)
    assert postgres.load_if_newer(new_home, server, by_hand=True).outcome == "loaded"
    assert postgres.load_if_newer(new_home, server).outcome == "there already"


def test_status_says_that_figures_are_made_up(
    loaded: Database, sample_home: Home, pam: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAM_POSTGRES_DSN", loaded.loader)
    state = json.loads(pam("postgres", "status", "--json", "--home", sample_home.path).stdout)
    assert state["is_sample"] is True and state["serves"] == state["published"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.replace("pam_loader:", "pam_loader:x"), "refuses the user or the password"),
        (lambda d: d.replace("pam_loader:", "nobody:"), "refuses the user or the password"),
        (lambda d: d.rsplit("/", 1)[0] + "/nowhere", 'database "nowhere" does not exist: have it created'),
        (lambda d: d.replace("127.0.0.1", "nowhere.invalid"), "does not answer"),
    ],
)
def test_an_unreachable_server_is_reported_without_the_password(loaded: Database, change: Callable, reason: str) -> None:
    dsn = change(loaded.loader)
    with pytest.raises(PostgresError, match=reason) as refused, Server.of(dsn).connect():
        pass
    password = dsn.split("@")[0].rsplit(":", 1)[1]
    assert password not in str(refused.value) and password not in repr(Server.of(dsn)) and refused.value.__cause__ is None


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://u:{SECRET}%zz@h/d",
        f"host=h password='{SECRET}",
        f"just {SECRET}",
        f"port={SECRET} password={SECRET}",
        f"postgresql://u:an@{SECRET}@h:5432/d",
        f"postgresql://u:an@h/{SECRET}@h/d?sslmode=prefer",
        f"postgres://u:5432/{SECRET}@h/d",
    ],
)
def test_an_invalid_connection_string_is_not_repeated(dsn: str) -> None:
    with pytest.raises(PostgresError) as refused, Server.of(dsn).connect():
        pass
    assert SECRET not in str(refused.value) and refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("libpq_says", "told"),
    [
        ("connection to server failed: SSL error: certificate verify failed", "(connection to server failed: SSL error"),
        ('server certificate for "a" does not match host name "b"', "the host as the certificate does"),
        (
            'root certificate file "/x/root.crt" does not exist Either provide the file, use the system\'s trusted roots with'
            " sslrootcert=system, or change sslmode to disable server certificate verification.",
            '(root certificate file "/x/root.crt" does not exist): name the file of its CA with sslrootcert',
        ),
    ],
)
def test_a_certificate_that_is_not_trusted(libpq_says: str, told: str) -> None:
    error = str(connection_error(psycopg.OperationalError(libpq_says), "u@h:5432/d", ""))
    assert "has no certificate that can be trusted" in error and told in error
    assert "sslrootcert=system" not in error and "sslmode" not in error


def test_the_file_of_the_connection_string_must_be_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dsn"
    monkeypatch.setenv("PAM_POSTGRES_DSN_FILE", str(path))
    with pytest.raises(PostgresError, match="No such file"):
        postgres.configured_server()
    path.write_text(f"postgresql://u:{SECRET}@h/d")
    path.chmod(0o640)
    with pytest.raises(PostgresError, match="can be read by others: chmod 600"):
        postgres.configured_server()
    path.chmod(0o600)
    server = postgres.configured_server()
    assert server.where == "u@h:5432/d" and SECRET not in repr(server)
    monkeypatch.delenv("PAM_POSTGRES_DSN_FILE")
    with pytest.raises(PostgresError, match="no PostgreSQL is named: set PAM_POSTGRES_DSN"):
        postgres.configured_server()


def test_a_full_disk_is_reported(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    """A disk of a megabyte, which only root can mount: the night before is still served, and the error says what to do."""
    folder = Path(tempfile.mkdtemp(prefix="pam-full-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("a small disk can't be mounted here")
    database = make_database("little")
    try:
        shutil.chown(folder, embedded.AS_ROOT)
        load(small_night("20260101T020000Z"), database.server, tmp_path / "t", is_made_up=False)
        database.as_admin(
            f"create tablespace little location '{folder}'", "grant create on tablespace little to pam_owner",
            "alter database little set default_tablespace = 'little'",
        )  # fmt: skip
        large = "create table marts.words as select repeat('x', 100) as word from range(20000)"
        with pytest.raises(PostgresError, match=r"PostgreSQL's disk is full \(copying marts\.words\): make room") as refused:
            load(small_night("20260102T020000Z", large), database.server, tmp_path / "t", is_made_up=False)
        assert refused.value.is_transient
        assert database.as_analyst("select title from reports.tables") == [("20260101T020000Z",)]
    finally:
        database.as_admin("alter database little reset default_tablespace", "drop tablespace if exists little")
        subprocess.run(["umount", str(folder)], check=False)
        folder.rmdir()


def test_a_receipt_without_a_server_has_no_message() -> None:
    assert Receipt("n", "published", "", "").not_in_postgres == ""
    assert Receipt("n", "published", "", "", postgres={"outcome": "failed", "reason": ""}).not_in_postgres == "failed"


@pytest.mark.parametrize(("how", "is_unencrypted"), [("no encryption", True), ("SSL encryption", False)])
def test_a_server_without_a_rule_for_the_machine(how: str, is_unencrypted: bool) -> None:
    says = f'FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "u", database "d", {how}'
    error = str(connection_error(psycopg.OperationalError(says), "u@h:5432/d", ""))
    assert "add one to pg_hba.conf" in error and "password" not in error and ("sslmode=require" in error) == is_unencrypted
