"""When a night is loaded into PostgreSQL: at its end, if it is newer, and whenever a person asks."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dagster_project.audit import record_first
from dagster_project.core.errors import is_transient
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import holds_made_up, in_order, locked, read_receipts, write_receipt

from .errors import PostgresError
from .loading import Progress, load
from .server import Server
from .state import state

Outcome = Literal["loaded", "there already", "failed"]


@dataclass(frozen=True)
class Brought:
    """What became of a night in PostgreSQL; receipts keep it."""

    outcome: Outcome
    night_id: str = ""
    """The night that PostgreSQL serves; blank where that is not known."""
    reason: str = ""
    """Why it failed; of a night that is there, what a person should know besides."""
    rows: int = 0
    seconds: float = 0.0
    is_transient: bool = False
    """Whether what made it fail may pass by itself."""

    def as_dict(self) -> dict[str, Any]:
        """Its fields, for receipts."""
        return asdict(self)


def bring(home: Home, server: Server | None = None, *, by_hand: bool = False, progress: Progress | None = None) -> Brought:
    """Load the published night where PostgreSQL serves an older one; `by_hand` also where it serves a newer, or the same.

    Raises PostgresError; the night before is then served as it was.
    """
    server = server or configured()
    night_id = published_night(home)
    if night_id is None:
        raise PostgresError(f"{home.path} has no published night: `pam nightly` makes one")
    with server.connect() as con:
        there = state(con).night_id
    if not by_hand and there and in_order(there) >= in_order(night_id):
        return Brought("there already", there, f"PostgreSQL serves night {there}" if there != night_id else "")
    is_sample = holds_made_up(home)
    told = {"what": "loaded to PostgreSQL", "night_id": night_id, "to": server.where}

    def serves() -> bool:
        try:
            with server.connect() as con:
                return state(con).night_id == night_id
        except PostgresError:
            # Nobody knows: what is on record stands.
            return True

    with record_first(
        home, [("disclosure", told)], is_done=serves, what="not loaded to PostgreSQL", night_id=night_id, to=server.where
    ):
        loaded = load(home.warehouse, server, home.candidate / "postgres", is_sample, progress)
    said = [f"this view still reads the night before: {v}" for v in loaded.swapped.left_behind]
    said += [f"an earlier night is still there: {s}" for s in loaded.stay]
    return Brought("loaded", loaded.night_id, "; ".join(said), loaded.rows, round(loaded.seconds, 3))


def bring_by_hand(home: Home, progress: Progress | None = None) -> Brought:
    """The same under the home's lock, whatever PostgreSQL serves now. Raises PostgresError, NightUnderWayError."""
    server = configured()
    with locked(home):
        brought = bring(home, server, by_hand=True, progress=progress)
        # What was told of as missing is there now.
        for receipt in read_receipts(home):
            if receipt.night_id == brought.night_id:
                write_receipt(home, replace(receipt, postgres=brought.as_dict()))
    return brought


def bring_tonight(home: Home) -> Brought:
    """The same at the end of a night, whose lock the caller has. Raises nothing: the file publication stands."""
    try:
        return bring(home)
    except Exception as error:
        # Whatever it is, it is not worth a night that is published.
        said = str(error) if isinstance(error, (PostgresError, OSError)) else type(error).__name__
        return Brought("failed", reason=said, is_transient=is_transient(error))


def configured() -> Server:
    """The server that the environment names. Raises PostgresError where it names none."""
    server = Server.configured()
    if server is None:
        raise PostgresError(
            "no PostgreSQL is named: set PAM_POSTGRES_DSN, or PAM_POSTGRES_DSN_FILE to a file that has it; `pam postgres"
            " --embedded` starts one to try"
        )
    return server
