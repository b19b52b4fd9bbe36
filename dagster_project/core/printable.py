"""Characters that no shown text may hold, because pages, charts and office files cannot contain them.

These are the characters that XML 1.0 forbids (controls, surrogates, U+FFFE, U+FFFF), the controls from 80 to 9F, and the
separators of lines and paragraphs (85, U+2028, U+2029). Tabs and line ends, which spreadsheet cells have, are allowed.
"""

import re

NOT_PRINTABLE = "has a control character or a line separator that can't be printed"

LONGEST = 1000
"""Characters that a text of a row or a cell of a list may have: each category is repeated in hundreds of figures."""
TOO_LONG = f"has more than {LONGEST:,} characters"

_ALLOWED = ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x7F), (0xA0, 0x2027), (0x202A, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))

_UNPRINTABLE = re.compile("[^" + "".join(f"{chr(a)}-{chr(b)}" for a, b in _ALLOWED) + "]")
UNPRINTABLE_RE2 = "[^" + "".join(f"\\x{{{a:x}}}-\\x{{{b:x}}}" for a, b in _ALLOWED) + "]"
"""The same pattern for DuckDB."""

INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\ufeff"
"""Soft hyphens, marks of direction, and characters of no width: text that is copied from web pages and office files has them.
With one, a key or a code is another to a program and the same to a person."""
WIDE_BLANKS = "\u00a0\u202f"
"""No-break spaces."""


def visible(text: str) -> str:
    """A text as a person sees it: without invisible characters, with spaces for no-break spaces. Costs nothing for ASCII."""
    for character in INVISIBLE:
        text = text.replace(character, "")
    for character in WIDE_BLANKS:
        text = text.replace(character, " ")
    return text


def is_printable(text: str) -> bool:
    """Whether a text has none of the characters that XML, pages and charts cannot contain."""
    return _UNPRINTABLE.search(text) is None
