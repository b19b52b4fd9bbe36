"""The PostgreSQL server of a home, and a connection to it. Its password is never shown."""

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dagster_project.core.home import Home

from .errors import PostgresError, connection_error

DSN, DSN_FILE = "PAM_POSTGRES_DSN", "PAM_POSTGRES_DSN_FILE"

DEFAULTS = {"connect_timeout": "10", "application_name": "pam-warehouse", "keepalives_idle": "30", "tcp_user_timeout": "60000"}
"""Connection settings, unless the connection string has its own. A dead server is noticed within a minute."""

SESSION = (
    "set timezone = 'UTC'", "set datestyle = 'ISO'", "set client_encoding = 'UTF8'", "set search_path = ''",
    "set statement_timeout = 0", "set idle_in_transaction_session_timeout = 0", "set default_transaction_read_only = off",
)  # fmt: skip
"""Settings that a role or a database may have changed."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL database and the role that loads it."""

    conninfo: str = field(repr=False)
    where: str
    """`pam_loader@db.force.example:5432/pam`, for people."""
    secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, text: str, source: str = DSN) -> "Server":
        """The server that a connection string names, a URI or `key=value` pairs. Raises PostgresError."""
        try:
            parts = conninfo_to_dict(text)
            values = {k: str(v) for k, v in parts.items() if v is not None}
            if not values.get("port", "5432").replace(",", "").isdigit():
                raise psycopg.ProgrammingError("no port")
            if "://" in text and any("@" in values.get(k, "") for k in ("host", "dbname")):
                # An @ or / of the password that is not written %40 or %2F: the rest of the password would be shown as a name.
                raise psycopg.ProgrammingError("an @ too many")
            host = values.get("host") or values.get("hostaddr") or "local socket"
            port = values.get("port") or "5432"
            where = f"{values.get('user', 'default user')}@{host}:{port}/{values.get('dbname', 'default database')}"
            return cls(make_conninfo(**{**DEFAULTS, **values}), where, values.get("password", ""))
        except psycopg.Error:
            # libpq's message quotes the string, and so the password.
            raise PostgresError(
                f"{source} is not a connection string: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an"
                " @ and %2F for a / in the password"
            ) from None

    @contextmanager
    def connect(self) -> Generator[psycopg.Connection]:
        """A connection with autocommit. Raises PostgresError."""
        try:
            con = psycopg.connect(self.conninfo, autocommit=True)
        except psycopg.Error as error:
            raise connection_error(error, self.where, self.secret) from None
        try:
            con.execute("; ".join(SESSION))
            yield con
        finally:
            con.close()


def as_user(server: Server, name: str, password: str) -> str:
    """The connection string of another user of a server. It is a secret."""
    current = conninfo_to_dict(server.conninfo)
    settings = {k: current[k] for k in ("host", "hostaddr", "port", "dbname", "sslmode", "sslrootcert") if current.get(k)}
    return make_conninfo(**{k: str(v) for k, v in settings.items()}, user=name, password=password)


def configured_server() -> Server:
    """The server that the environment names. Raises PostgresError if it names none, or a file that can't be used."""
    if text := os.environ.get(DSN, "").strip():
        return Server.of(text)
    name = os.environ.get(DSN_FILE, "").strip()
    if not name:
        raise PostgresError(
            "no PostgreSQL is named: set PAM_POSTGRES_DSN, or PAM_POSTGRES_DSN_FILE to a file that has it; `pam postgres"
            " --embedded` starts one to try"
        )
    return _server_in(Path(name), DSN_FILE)


def _server_in(path: Path, named_by: str) -> Server:
    """The server that a file names. `named_by`: which variable or option names the file. Raises PostgresError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise PostgresError(f"{path} can be read by others: chmod 600 {path}")
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise PostgresError(f"{named_by}: {path}: {reason}") from None
    return Server.of(text, f"the content of {path}")


def administered_server(home: Home, admin: Path | None) -> Server:
    """The server, as a role that may make log-ins. `admin`: a file with its connection string; None: the one of the home's own
    server if that is in use, else what the nights log in with. Raises PostgresError."""
    folder = home.path / "postgres"
    dsn_file = os.environ.get(DSN_FILE, "").strip()
    is_embedded = Path(dsn_file).resolve().parent == folder if dsn_file else not is_configured()
    path = admin or (folder / "admin.dsn" if is_embedded and (folder / "admin.dsn").exists() else None)
    return _server_in(path, "--admin") if path else configured_server()


def is_configured() -> bool:
    """Whether the environment names a server."""
    return bool(os.environ.get(DSN, "").strip() or os.environ.get(DSN_FILE, "").strip())
