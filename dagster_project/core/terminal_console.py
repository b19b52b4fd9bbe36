"""The console for tables and progress. Separate from `terminal_text`, because its library is slow to load."""

from collections.abc import Iterable
from typing import Any

import rich.console
from rich.segment import Segment

from .terminal_text import safe_text


class Console(rich.console.Console):
    """Rich's, which prints safe text alone: its own colours and moves, and no order of anybody else's."""

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """The pieces of something to print."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(safe_text(piece.text), piece.style)
