"""The published night, for those who read it."""

from .asking import ANSWER_FORMATS, LimitError, Limits, QuestionError, limited
from .connection import NothingPublishedError, connect
from .consulted import ReasonError, consulted
from .output import FORMATS, neutral, plain, write_result

__all__ = [
    "ANSWER_FORMATS",
    "FORMATS",
    "LimitError",
    "Limits",
    "NothingPublishedError",
    "QuestionError",
    "ReasonError",
    "connect",
    "consulted",
    "limited",
    "neutral",
    "plain",
    "write_result",
]
