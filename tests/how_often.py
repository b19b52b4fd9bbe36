"""How many times a test repeats: a few in the suite, many with `pytest --long`."""

IS_LONG = False
"""Set by tests/conftest.py before any test is read."""


def often(suite: int, long: int) -> int:
    """The number of repeats: `suite` or, with `--long`, `long`."""
    return long if IS_LONG else suite
