"""Makes text safe for a terminal. Everything that a command prints passes through here, because files may hold anything.

A terminal obeys control characters: they can colour, move the cursor, erase lines or fill the clipboard (OSC 52). Characters
that change the direction of writing can make a name look like another. Each is replaced by one visible character, so that
table columns stay aligned: `␛` for escape, `�` if it has no symbol. Output to files and pipes is not changed.
"""

import re
import sys
from typing import Any, TextIO

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"  # line separators, annotations, tags, halves of a pair
)
_SYMBOLS = {n: chr(0x2400 + n) for n in range(0x20)} | {0x7F: "\u2421"}


def safe_text(text: str) -> str:
    """A text in which control and direction characters are replaced by visible ones. Line ends and tabs stay."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(lambda match: _SYMBOLS.get(ord(match[0]), "\ufffd"), text)


def indented_message(text: str) -> str:
    """A message that may quote foreign text: its further lines are indented, so that none looks like one of ours."""
    return safe_text(text).rstrip("\n").replace("\n", "\n    ")


class SafeStream:
    """A stream that writes safe text, for libraries that write to a stream, such as `csv`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write a text after making it safe."""
        return self._out.write(safe_text(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


def program_output(out: TextIO) -> Any:
    """The stream for output that programs read: unchanged to a file or a pipe, safe to a terminal."""
    return SafeStream(out) if out.isatty() else out


def warn(text: str) -> None:
    """Print a message to standard error, as all `pam` commands do."""
    print(f"pam: {indented_message(text)}", file=sys.stderr)
