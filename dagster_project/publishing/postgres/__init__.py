"""The published night in PostgreSQL, for BI tools that connect to a server.

Where `PAM_POSTGRES_DSN` names a database, each night is loaded into schemas beside those that are read, and takes their
place in one step: a question sees one night or the other, whole. The file publication does not wait for it and stands
whatever becomes of it.
"""

from .errors import PostgresError
from .loading import Loaded, load
from .night import Brought, bring, bring_by_hand, bring_tonight, configured
from .server import Server, is_configured
from .state import ServedState, holders, state

__all__ = [
    "Brought",
    "Loaded",
    "PostgresError",
    "ServedState",
    "Server",
    "bring",
    "bring_by_hand",
    "bring_tonight",
    "configured",
    "holders",
    "is_configured",
    "load",
    "state",
]
