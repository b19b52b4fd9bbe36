"""Any sequence of files against the plain model: which rows count, what is covered, and what became of each file.

The suite has a few sequences, always the same. `pytest tests/sequences --long` has 5,000, other ones each time; one that
fails is shrunk, and printed with the line that brings it back.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from how_often import often
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from .plan import SPAN, Again, File, Row, Sequence, sequences

pytestmark = pytest.mark.begin_first

OTHERS_TWICE = Sequence(
    nights=(
        tuple(
            File("stop_search", 0, 7, 0, tuple(Row(key, value=key) for key in (0, 1, 2, *twice))) for twice in ((0, 1), (1, 2))
        ),
        (), (), (),
    ),
    published=(False,) * 4, archive=False,
)  # fmt: skip
"""Two files of one extraction with the same rows: in one others come twice than in the other."""

MONTH, OWN, NEWER = (File("street_crime", 0, 31, moment) for moment in (None, 0, 1))
REPLACED_THAT_NIGHT = Sequence(((MONTH, OWN, OWN), (Again(0), NEWER), (), ()), published=(False,) * 4, archive=False)
"""A month comes again in the night in which the force's own extract replaces it: last, as it is extracted when it lands."""

EMPTY_DAY = File("stop_search", 0, 1, 0)
ERASED_BETWEEN = Sequence(
    nights=(*((file,) for file in (EMPTY_DAY, File("stop_search", 0, 31, None, (Row(0),)), EMPTY_DAY)), ()),
    published=(False, True, True, False),
    archive=False,
)
"""A row that the force's own file outranks, and that is erased before a night in part."""

DAYS_ERASED = Sequence(((File("crimes", 0, 20, 0, (Row(0),)),), (File("crimes", 31, 7, 1),), (), ()))
"""A row that is erased, and a later night that does not touch its month."""

CLOSED_MONTH = Sequence(
    (
        (File("crimes", 0, 31, 0, (Row(1),)), File("crimes", 31, 28, 0, (Row(0, day=19),))),
        (File("crimes", 20, 17, 3, (Row(0),)),),
        (File("crimes", 45, 3, 5, (Row(3),)),),
        (),
    )
)  # fmt: skip
"""A key that stands in February, and comes in January when that month's rows are erased: closed to it, also in a night that
touches February alone."""


ROWS = tuple(Row(key, day=14 * key, value=key % 3) for key in range(5))
MONTHS_THAT_STAND = Sequence(
    nights=(
        (*(File(x, 0, 60, 0, ROWS) for x in ("crimes", "mda_orders", "stop_search")), File("street_crime", 0, 59, 0, ROWS)),
        (File("crimes", 40, 20, 3, (Row(4, day=17), Row(0, day=2))), File("mda_orders", 31, 20, 3, (Row(3, value=1),))),
        (File("stop_search", 45, 7, 5, (Row(1),)), File("street_crime", 31, 28, 5, ROWS[:2])),
        (File("crimes", 0, 60, 7, ROWS[:3]), File("stop_search", 59, 1, 7)),
    )
)  # fmt: skip
"""Two months, of which the nights after touch the second, the last of them both: rows come, move, change and go."""


@settings(max_examples=often(6, 1000))
@given(sequence=sequences())
@example(sequence=OTHERS_TWICE)
@example(sequence=REPLACED_THAT_NIGHT)
def test_current_rows_and_coverage_are_the_plain_models(parts: Callable[..., list[str]], sequence: Sequence) -> None:
    found = parts(sequence)
    for said in found:
        note(said)
    assert not found


@settings(max_examples=often(2, 60))
@given(sequence=sequences(), days=st.integers(1, SPAN + 1))
def test_erasing_what_is_over_moves_no_measure(parts: Callable[..., list[str]], sequence: Sequence, days: int) -> None:
    """Whichever files are over, and whatever newer and older ones there are beside them."""
    found = parts(sequence, erased=days)
    for said in found:
        note(said)
    assert not found


@settings(max_examples=often(2, 80))
@given(sequence=sequences(), erased=st.none() | st.integers(1, SPAN + 1))
@example(sequence=ERASED_BETWEEN, erased=31)
@example(sequence=DAYS_ERASED, erased=31)
@example(sequence=CLOSED_MONTH, erased=31)
def test_a_night_in_part_is_the_whole_night(parts: Callable[..., list[str]], sequence: Sequence, erased: int | None) -> None:
    """What is carried over and what is measured again are together what measuring all gives; with erased rows and without."""
    found = parts(sequence, erased=erased, in_part=True)
    for said in found:
        note(said)
    assert not found


@settings(max_examples=often(2, 60))
@given(sequence=sequences(), erased=st.none() | st.integers(1, SPAN + 1))
@example(sequence=MONTHS_THAT_STAND, erased=31)
def test_figures_made_in_part_are_those_of_the_whole_night(
    parts: Callable[..., list[str]], sequence: Sequence, erased: int | None
) -> None:
    """Figures that stay, and those that are rebuilt, are together what making all gives. Every night is one to build on."""
    sequence = replace(sequence, published=(True,) * len(sequence.nights))
    found = parts(sequence, erased=erased, in_part=True, figures=True)
    for said in found:
        note(said)
    assert not found
