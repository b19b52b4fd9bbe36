"""Makes text safe for a terminal. Everything that a command prints passes through here, because files may hold anything.

A terminal takes control characters for orders: to colour, to move, to erase what stands above, to fill the clipboard (OSC 52).
Signs that turn the direction of writing make a name read as another. Each becomes one sign that can be seen, so that a table
keeps its columns: `␛` for escape, and `�` for what has no picture of its own. Files and pipes get csv and json as they are.
"""

import re
import sys
from typing import Any, TextIO

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"  # line separators, annotations, tags, halves of a pair
)
_PICTURES = {n: chr(0x2400 + n) for n in range(0x20)} | {0x7F: "\u2421"}


def safe_text(text: str) -> str:
    """A text whose every control and direction sign is one that can be seen. Lines stay lines, and tabs tabs."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: _PICTURES.get(ord(found[0]), "\ufffd"), text)


def indented_message(text: str) -> str:
    """A message with words of others in it: its further lines stand further in, so that none looks like one of ours."""
    return safe_text(text).rstrip("\n").replace("\n", "\n    ")


class Safe:
    """A stream that writes safe text: for what writes to a stream itself, such as `csv`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write a text, made safe."""
        return self._out.write(safe_text(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


def program_output(out: TextIO) -> Any:
    """Where to write what programs read: as it is to a file or a pipe, safe to a terminal."""
    return Safe(out) if out.isatty() else out


def warn(text: str) -> None:
    """A message on standard error, as every command of `pam` begins one."""
    print(f"pam: {indented_message(text)}", file=sys.stderr)
