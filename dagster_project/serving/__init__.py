"""The published night, for those who read it."""

from .answer_formats import FORMATS, neutral, plain, write_result
from .connection import NothingPublishedError, connect
from .consultation import ReasonError, consulted
from .query import ANSWER_FORMATS, LimitError, Limits, QuestionError, limited

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
