"""Marks of homes with made-up data, of which all outputs say so: the sample's own home, and others whose files are made up."""

from datetime import date

from .errors import Cause, PamError
from .home import Home

SAMPLE_MARK = "SAMPLE"
"""A file of this name marks a home that is for the sample only: no other night starts in it."""
MADE_UP_MARK = "MADE_UP"
"""A file of this name marks a home whose landed files are made up."""
SAMPLE_DAY = date(2026, 1, 3)
"""The date in the sample's home, three days after the sample ends: so its files do not become late."""


def is_sample_home(home: Home) -> bool:
    """Whether a home is for the sample only."""
    return (home.path / SAMPLE_MARK).exists()


def sample_day_of(home: Home) -> date | None:
    """`SAMPLE_DAY` in the sample's home; None in any other, where the clock has the date."""
    return SAMPLE_DAY if is_sample_home(home) else None


def holds_made_up(home: Home) -> bool:
    """Whether a home's figures are made up: all outputs then say so."""
    return is_sample_home(home) or (home.path / MADE_UP_MARK).exists()


class SampleHomeError(PamError, RuntimeError):
    """Made-up and real data would be mixed in one home."""

    cause = Cause.SAMPLE_HOME


def refuse_sample(home: Home) -> None:
    """Raise SampleHomeError if a home holds made-up data."""
    if is_sample_home(home):
        raise SampleHomeError(
            f"{home.path} holds made-up sample data: give real extracts a home of their own (--home DIR), or delete that one"
        )
