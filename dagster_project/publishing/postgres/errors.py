"""PostgreSQL's errors as messages that say what to do. No message has a password, a connection string or a value."""

import psycopg
from psycopg import errors as pg

from dagster_project.core.errors import PamError


class PostgresError(PamError, RuntimeError):
    """The night could not be loaded to PostgreSQL. The night before is still served."""


class PostgresUnavailableError(PostgresError):
    """The same for faults that may pass by themselves: the server does not answer, is full, or somebody holds a lock."""

    is_transient = True


REFUSED = ("password authentication failed", "no password supplied", "authentication failed",
           "is not permitted to log in")  # fmt: skip
NOT_TRUSTED = ("certificate verify failed", "root certificate file", "does not match host name")
NOT_THERE = ("does not exist",)
AWAY = ("connection refused", "no such file", "timeout", "timed out", "could not translate", "name or service not known",
        "no route", "unreachable", "starting up", "shutting down", "server closed", "connection reset", "not known",
        "name resolution", "too many clients", "remaining connection slots")  # fmt: skip


def connection_error(error: psycopg.Error, where: str, secret: str) -> PostgresError:
    """Why a connection failed. `where`: the server, without a password; `secret`: a text that must not be shown."""
    message = " ".join(str(error).split())
    message = message.rsplit("FATAL:", 1)[-1].strip() if "FATAL:" in message else message
    if secret:
        message = message.replace(secret, "***")
    lower = message.lower()
    if any(words in lower for words in REFUSED):
        return PostgresError(
            f"PostgreSQL at {where} refuses the user or the password ({message}): correct PAM_POSTGRES_DSN, or the file that"
            " PAM_POSTGRES_DSN_FILE names"
        )
    if "no pg_hba.conf entry" in lower:
        todo = "add `sslmode=require` or stronger, or " if "no encryption" in lower else ""
        return PostgresError(
            f"PostgreSQL at {where} has no rule that lets this machine's log-in in ({message}): {todo}have its administrator"
            " add one to pg_hba.conf"
        )
    if any(words in lower for words in NOT_TRUSTED):
        # libpq goes on to advise no check, or `sslrootcert=system`, which its build for Python does not find.
        reason = message.split(" Either provide", 1)[0].rstrip(": ")
        return PostgresError(
            f"PostgreSQL at {where} has no certificate that can be trusted ({reason}): name the file of its CA with sslrootcert"
            " in the connection string, and the host as the certificate does, and see that the certificate has not expired"
        )
    if any(words in lower for words in AWAY):
        return PostgresUnavailableError(
            f"PostgreSQL at {where} does not answer ({message}): see that it runs and can be reached"
        )
    if any(words in lower for words in NOT_THERE):
        return PostgresError(f"PostgreSQL at {where}: {message}: have it created, or correct PAM_POSTGRES_DSN")
    return PostgresError(f"PostgreSQL at {where} can't be used: {message}")


def statement_error(error: psycopg.Error, doing: str) -> PostgresError:
    """Why a statement failed. `doing`: what was being done, such as `copying marts.mart_pspo`."""
    message = (error.diag.message_primary or type(error).__name__).strip()
    if isinstance(error, pg.DiskFull) or "no space left" in message.lower():
        return PostgresUnavailableError(f"PostgreSQL's disk is full ({doing}): make room there, then `pam postgres load`")
    if isinstance(error, pg.InsufficientPrivilege):
        return PostgresError(
            f"PostgreSQL does not allow it ({doing}: {message}): `pam postgres sql` prints what a database administrator runs"
            " once"
        )
    if isinstance(error, (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected)):
        return PostgresUnavailableError(f"somebody holds a lock in PostgreSQL for too long ({doing}): {message}")
    if isinstance(error, (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow)) or (
        isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    ):
        return PostgresUnavailableError(f"PostgreSQL went away ({doing}): see that it runs, then `pam postgres load`")
    return PostgresError(f"PostgreSQL can't take the night ({doing}): {message}")
