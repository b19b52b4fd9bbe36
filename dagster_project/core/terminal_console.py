"""The console for tables and progress. Separate from `terminal_text`, because its library is slow to load."""

from collections.abc import Iterable
from typing import Any

import rich.console
from rich.segment import Segment

from .terminal_text import safe_text


class Console(rich.console.Console):  # noqa: TID251
    """Rich's, which prints safe text alone: its own colours and moves, and no order of anybody else's.

    Square brackets are text, not Rich's markup: a cell may hold `[/]`, which would end the command, or `[link=...]`.
    """

    def __init__(self, **options: Any) -> None:
        all_options: dict[str, Any] = {"markup": False, "emoji": False, **options}
        super().__init__(**all_options)

    def on_broken_pipe(self) -> None:
        """Nobody reads it any more: the command goes on to its own exit code. Rich ends it with 1, as if it had failed."""
        self.quiet = True

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """As Rich's `render`, with safe text."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(safe_text(piece.text), piece.style)
