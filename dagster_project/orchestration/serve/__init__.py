"""`pam serve`: Dagster's page, its daemon and one code server for both, started, watched and ended together by `server`.
`request_guard` keeps other people and other websites out of the page.
"""

from .server import NightServer, ServeError

__all__ = ["NightServer", "ServeError"]
