"""Answers questions about what is published: SQL (`query`), the prompt, claims and topline.

`trace` goes from a figure to its rows, `figures_of_file` from a file or one of its lines to figures. `diff` compares two
nights, `answer_workbook` writes an answer to Excel, `typed_names` finds the measure, force and area that people type.
`pam serve` is not here, but in `orchestration.serve`.
"""

from dagster_project.core.cell_text import escape_formula, plain_text, rounded_text
from dagster_project.core.config import Limits
from dagster_project.core.published_file import NothingPublishedError

from .answer_formats import write_result
from .query import LimitError, limited
from .recorded_access import ReasonError, connect, record_consultation

__all__ = [
    "LimitError", "Limits", "NothingPublishedError", "ReasonError", "connect", "escape_formula", "limited", "plain_text",
    "record_consultation", "rounded_text", "write_result",
]  # fmt: skip
