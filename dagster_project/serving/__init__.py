"""The published night, for those who read it."""

from .connection import NothingPublishedError, connect
from .consulted import ReasonError, consulted
from .output import FORMATS, neutral, plain, write_result

__all__ = ["FORMATS", "NothingPublishedError", "ReasonError", "connect", "consulted", "neutral", "plain", "write_result"]
