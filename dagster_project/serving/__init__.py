"""The published night, for those who read it."""

from .connection import NothingPublishedError, connect
from .output import FORMATS, plain, write_result

__all__ = ["FORMATS", "NothingPublishedError", "connect", "plain", "write_result"]
