"""How often the suite repeats things that could go on for hours: a few times, with `pytest --long` many times."""

IS_LONG = False
"""Set by tests/conftest.py before any test is read."""


def often(suite: int, long: int) -> int:
    """The number of repeats: `suite` or, with `--long`, `long`."""
    return long if IS_LONG else suite
