"""Any sequence of files against the plain model: which rows count, what is covered, and what became of each file.

The suite has 300 sequences, always the same. `pytest tests/sequences --hypothesis-profile=long` has 5,000, other ones each
time; one that fails is shrunk, and printed with the line that brings it back.
"""

from collections.abc import Callable

from hypothesis import given, note, settings
from hypothesis import strategies as st

from .plan import SPAN, Sequence, sequences

PER_PROFILE = 3
"""The suite's profile has 100 examples a property."""


@settings(max_examples=PER_PROFILE * settings.default.max_examples)
@given(sequence=sequences())
def test_current_rows_and_coverage_are_the_plain_models(parts: Callable[..., list[str]], sequence: Sequence) -> None:
    found = parts(sequence)
    for said in found:
        note(said)
    assert not found


@settings(max_examples=settings.default.max_examples // 4)
@given(sequence=sequences(), days=st.integers(1, SPAN + 1))
def test_erasing_what_is_over_moves_no_measure(parts: Callable[..., list[str]], sequence: Sequence, days: int) -> None:
    """Whichever files are over, and whatever newer and older ones there are beside them."""
    found = parts(sequence, erased=days)
    for said in found:
        note(said)
    assert not found
