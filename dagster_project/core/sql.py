"""Spelling values in SQL text."""


def literal(text: str) -> str:
    """A text as an SQL string literal, its quotes doubled."""
    return "'" + text.replace("'", "''") + "'"
