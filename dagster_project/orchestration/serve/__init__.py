"""`pam serve`: Dagster's page, its daemon and one code server for both, started, watched and ended together."""

from .server import PortInUseError, ServedAlreadyError, Server

__all__ = ["PortInUseError", "ServedAlreadyError", "Server"]
