"""`pam serve`: Dagster's page, its daemon and one code server for both, started, watched and ended together."""

from .server import NightServer, PortInUseError, ServedAlreadyError

__all__ = ["NightServer", "PortInUseError", "ServedAlreadyError"]
