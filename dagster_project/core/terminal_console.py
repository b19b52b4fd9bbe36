"""The console for tables and progress. Separate from `terminal_text`, because its library is slow to load."""

from collections.abc import Iterable
from typing import Any

import rich.console
from rich.segment import Segment

from .terminal_text import safe_text


class Console(rich.console.Console):
    """Rich's console, with texts made safe: only Rich's own control codes reach the terminal."""

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """As Rich's `render`, with safe text."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(safe_text(piece.text), piece.style)
