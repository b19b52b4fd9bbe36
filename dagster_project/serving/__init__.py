"""The published night, for those who read it."""

from .connection import NothingPublishedError, connect
from .output import FORMATS, write_result

__all__ = ["FORMATS", "NothingPublishedError", "connect", "write_result"]
