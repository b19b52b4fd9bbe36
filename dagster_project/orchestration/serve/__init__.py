"""`pam serve`: Dagster's page, its daemon, a code server for both and a process for the next night, run together."""

from .server import NightServer, PortInUseError, ServedAlreadyError

__all__ = ["NightServer", "PortInUseError", "ServedAlreadyError"]
