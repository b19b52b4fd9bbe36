"""How often the suite does what could go on for hours: a few times, and with `pytest --long` many times."""

IS_LONG = False
"""Set by tests/conftest.py before any test is read."""


def often(suite: int, long: int) -> int:
    """So many times in the suite, so many in the long run."""
    return long if IS_LONG else suite
