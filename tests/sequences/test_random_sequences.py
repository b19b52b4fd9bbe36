"""Random sequences of files, compared with the plain model: rows that count, coverage, and the outcome of each file.

The suite has a few sequences, always the same. `pytest tests/sequences --long` has 5,000, new ones each time. One
that fails is shrunk, and printed with the line that repeats it.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from how_often import often
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from .plan import SPAN, Again, File, Row, Sequence, sequences

pytestmark = pytest.mark.begin_first

OTHER_ROWS_REPEATED = Sequence(
    nights=(
        tuple(
            File("stop_search", 0, 7, 0, tuple(Row(key, value=key) for key in (0, 1, 2, *twice))) for twice in ((0, 1), (1, 2))
        ),
        (), (), (),
    ),
    published=(False,) * 4, archive=False,
)  # fmt: skip
"""Two files of one extraction with the same rows, of which different ones are repeated in each file."""

MONTH, OWN, NEWER_OWN = (File("street_crime", 0, 31, moment) for moment in (None, 0, 1))
MONTH_AGAIN_WHEN_REPLACED = Sequence(((MONTH, OWN, OWN), (Again(0), NEWER_OWN), (), ()), published=(False,) * 4, archive=False)
"""A month comes again in the night in which the force's own extract replaces it. The month is newest: it counts as extracted
when it lands."""

STREET_FILES_OF_ONE_TIME = Sequence(
    ((OWN, replace(OWN, start=4, days=10, rows=(Row(0),)), replace(OWN, start=31, days=28)), (), (), ())
)
"""The first two cover some of the same months."""

EMPTY_DAY = File("stop_search", 0, 1, 0)
OUTRANKED_ROW_ERASED = Sequence(
    nights=(*((file,) for file in (EMPTY_DAY, File("stop_search", 0, 31, None, (Row(0),)), EMPTY_DAY)), ()),
    published=(False, True, True, False),
    archive=False,
)
"""A row that the force's own file outranks, erased before a night in part."""

LISTED_BEFORE_THE_WINDOW = Sequence(((File("cash_seizures", 40, 7, 0, (Row(0, day=-35), Row(1, day=2))),), (), (), ()))
"""A row of a list that is older than the list's window. It counts in no month."""

UNTOUCHED_MONTH_ERASED = Sequence(((File("crimes", 0, 20, 0, (Row(0),)),), (File("crimes", 31, 7, 1),), (), ()))
"""An erased row, and a later night that does not touch its month."""

CLOSED_MONTH = Sequence(
    (
        (File("crimes", 0, 31, 0, (Row(1),)), File("crimes", 31, 28, 0, (Row(0, day=19),))),
        (File("crimes", 20, 17, 3, (Row(0),)),),
        (File("crimes", 45, 3, 5, (Row(3),)),),
        (),
    )
)  # fmt: skip
"""A key in February that comes again in January after January's rows were erased. It may not count there, even in a night
that touches only February."""


ROWS = tuple(Row(key, day=14 * key, value=key % 3) for key in range(5))
CHANGES_IN_TWO_MONTHS = Sequence(
    nights=(
        (*(File(x, 0, 60, 0, ROWS) for x in ("crimes", "mda_orders", "stop_search")), File("street_crime", 0, 59, 0, ROWS)),
        (File("crimes", 40, 20, 3, (Row(4, day=17), Row(0, day=2))), File("mda_orders", 31, 20, 3, (Row(3, value=1),))),
        (File("stop_search", 45, 7, 5, (Row(1),)), File("street_crime", 31, 28, 5, ROWS[:2])),
        (File("crimes", 0, 60, 7, ROWS[:3]), File("stop_search", 59, 1, 7)),
    )
)  # fmt: skip
"""Rows that come, move, change and go. The second and third nights touch the second of two months, the last night both."""


@settings(max_examples=often(6, 1000))
@given(sequence=sequences())
@example(sequence=OTHER_ROWS_REPEATED)
@example(sequence=MONTH_AGAIN_WHEN_REPLACED)
@example(sequence=STREET_FILES_OF_ONE_TIME)
def test_rows_coverage_and_outcomes_equal_the_plain_model(compare: Callable[..., list[str]], sequence: Sequence) -> None:
    differences = compare(sequence)
    for difference in differences:
        note(difference)
    assert not differences


@settings(max_examples=often(2, 60))
@given(sequence=sequences(), days=st.integers(1, SPAN + 1))
@example(sequence=LISTED_BEFORE_THE_WINDOW, days=SPAN + 1)
def test_erasing_expired_rows_changes_no_measure(compare: Callable[..., list[str]], sequence: Sequence, days: int) -> None:
    """Whichever files have expired, and whichever newer and older ones there are."""
    differences = compare(sequence, erased=days)
    for difference in differences:
        note(difference)
    assert not differences


@settings(max_examples=often(2, 80))
@given(sequence=sequences(), erased=st.none() | st.integers(1, SPAN + 1))
@example(sequence=OUTRANKED_ROW_ERASED, erased=31)
@example(sequence=UNTOUCHED_MONTH_ERASED, erased=31)
@example(sequence=CLOSED_MONTH, erased=31)
def test_measures_of_a_night_in_part_equal_a_whole_night(
    compare: Callable[..., list[str]], sequence: Sequence, erased: int | None
) -> None:
    """Measures carried over and measured again, together, equal measuring all. With erased rows and without."""
    differences = compare(sequence, erased=erased, in_part=True)
    for difference in differences:
        note(difference)
    assert not differences


@settings(max_examples=often(2, 60))
@given(sequence=sequences(), erased=st.none() | st.integers(1, SPAN + 1))
@example(sequence=CHANGES_IN_TWO_MONTHS, erased=31)
def test_figures_of_a_night_in_part_equal_a_whole_night(
    compare: Callable[..., list[str]], sequence: Sequence, erased: int | None
) -> None:
    """Figures kept and rebuilt, together, equal building all. Each night is published, so that the next can build on it."""
    sequence = replace(sequence, published=(True,) * len(sequence.nights))
    differences = compare(sequence, erased=erased, in_part=True, figures=True)
    for difference in differences:
        note(difference)
    assert not differences
