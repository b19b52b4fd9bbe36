"""The published night in PostgreSQL, for BI tools that connect to a server.

If `PAM_POSTGRES_DSN` names a database, each night is loaded into new schemas, which replace the old ones in one step: a query
sees the one night or the other. The publication of files does not depend on it.

`when_to_load` says when one is loaded; `loading` makes and fills the tables of `table_definitions` and lets readers read them,
`swap` has it replace the old one. `roles_and_grants` are the owner and the readers' group, `reader_logins` the log-ins of
people.
"""

from .errors import PostgresError
from .loading import LoadOutcome, load
from .server import Server, configured_server, is_configured
from .state import LoadedState, loaded_state
from .when_to_load import load_after_rollback, load_by_hand, load_if_newer, load_tonight

__all__ = [
    "LoadOutcome", "LoadedState", "PostgresError", "Server", "configured_server", "is_configured", "load",
    "load_after_rollback", "load_by_hand", "load_if_newer", "load_tonight", "loaded_state",
]  # fmt: skip
