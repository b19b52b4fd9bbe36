"""When a night is loaded into PostgreSQL: at its end, if it is newer, and by command."""

from dataclasses import asdict, replace

from dagster_project.audit import record_first
from dagster_project.core.errors import is_transient
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import night_order, read_receipts, write_receipt

from .errors import PostgresError
from .loading import LoadOutcome, Progress, load
from .server import DSN, Server, configured_server, is_configured
from .state import loaded_state


def load_if_newer(
    home: Home, server: Server | None = None, *, is_rollback: bool = False, by_hand: bool = False,
    progress: Progress | None = None,
) -> LoadOutcome:  # fmt: skip
    """Load the published night if PostgreSQL serves an older one; with `is_rollback` also if it serves the same or a newer one,
    with `by_hand` also if that is another home's.

    Raises PostgresError; the night before is then still served.
    """
    server = server or configured_server()
    night_id = published_night(home)
    if night_id is None:
        raise PostgresError(f"{home.path} has no published night: `pam nightly` makes one")
    with server.connect() as con:
        state = loaded_state(con)
    served = state.night_id
    is_ours = any(r.night_id == served and (r.sha256 or state.file).startswith(state.file) for r in read_receipts(home))
    if not by_hand and served and not is_ours:
        raise PostgresError(
            f"the database holds night {served}, of which this home has no receipt: another home's, or from before this one was"
            " restored. Give each home a database of its own; or `pam postgres load` replaces that night"
        )
    if not (by_hand or is_rollback) and served and night_order(served) >= night_order(night_id):
        return LoadOutcome("there already", served, f"PostgreSQL serves night {served}" if served != night_id else "")
    is_made_up = holds_made_up(home)
    details = {"what": "loaded to PostgreSQL", "night_id": night_id, "to": server.where}

    def is_served() -> bool:
        try:
            with server.connect() as con:
                return loaded_state(con).night_id == night_id
        except PostgresError:
            # Not known: leave the record as it is.
            return True

    with record_first(
        home, [("disclosure", details)], is_done=is_served, what="not loaded to PostgreSQL", night_id=night_id, to=server.where
    ):
        return load(home.warehouse, server, home.candidate / "postgres", is_made_up, progress)


def load_by_hand(home: Home, progress: Progress | None = None) -> LoadOutcome:
    """Load the published night under the home's lock, whatever PostgreSQL serves. Raises PostgresError, NightUnderWayError."""
    server = configured_server()
    with locked(home):
        outcome = load_if_newer(home, server, by_hand=True, progress=progress)
        # Its receipt may say that it is missing.
        for receipt in read_receipts(home):
            if outcome.night_id in (receipt.night_id, receipt.republished):
                write_receipt(home, replace(receipt, postgres=asdict(outcome)))
    return outcome


def load_tonight(home: Home) -> LoadOutcome:
    """Load the published night at the end of a night, whose lock the caller holds. Never raises: the files are published."""
    return _try_to_load(home)


def load_after_rollback(home: Home) -> LoadOutcome | None:
    """Load the night that was published again by the caller, who holds the home's lock. None if nights do not go to PostgreSQL.
    Never raises."""
    if is_configured():
        return _try_to_load(home, is_rollback=True)
    nights = [r for r in read_receipts(home) if r.outcome in ("published", "unchanged")]
    if not nights or not nights[-1].postgres:
        return None
    return LoadOutcome("failed", reason=f"nights go there, and {DSN} is not set here: set it, then `pam postgres load`")


def _try_to_load(home: Home, is_rollback: bool = False) -> LoadOutcome:
    try:
        return load_if_newer(home, is_rollback=is_rollback)
    except Exception as error:
        # No fault here may fail what is published.
        reason = str(error) if isinstance(error, (PostgresError, OSError)) else type(error).__name__
        return LoadOutcome("failed", reason=reason, is_transient=is_transient(error))
