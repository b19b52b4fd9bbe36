"""The published night, for those who read it."""

from .asking import ANSWER_FORMATS, LimitError, Limits, QuestionError, limited
from .connection import NothingPublishedError, connect
from .output import FORMATS, plain, write_result

__all__ = [
    "ANSWER_FORMATS",
    "FORMATS",
    "LimitError",
    "Limits",
    "NothingPublishedError",
    "QuestionError",
    "connect",
    "limited",
    "plain",
    "write_result",
]
