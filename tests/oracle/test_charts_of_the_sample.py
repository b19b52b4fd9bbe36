"""Every control chart of the sample, against NHSRplotthedots' method in plain Python (charts.py), which the package's own
vectors and what it says of random series hold (tests/transform/test_control_charts.py)."""

from itertools import groupby
from typing import Any

from support import published

from dagster_project.core.home import Home
from oracle.charts import chart, shown_lower

SERIES = "mart, force_code, area_type, area_code, measure, category"
CLOSE = 1e-9


def by_series(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    return {key: [row[6:] for row in of] for key, of in groupby(rows, lambda row: row[:6])}


def test_every_series_of_the_sample_is_as_the_package_has_it(sample_home: Home) -> None:
    """Which series there are, their months and values, mean and limits to 1e-9, every flag, and the word for it."""
    values = by_series(published(
        sample_home, f"select {SERIES}, period_start, value, unit from marts.measures where period_type = 'month'"
        " and data_status = 'complete' and value is not null order by all"))  # fmt: skip
    expected = {key: rows for key, rows in values.items() if len(rows) >= 12}
    made = by_series(published(
        sample_home, f"select {SERIES}, period_start, value, mean, lower_limit, upper_limit, is_outside_limits, is_run,"
        " is_trend, is_two_of_three, variation from marts.mart_control_charts order by all"))  # fmt: skip
    assert made.keys() == expected.keys() and len(made) > 500
    wrong, marks = [], [0, 0, 0, 0]
    for key, rows in expected.items():
        unit, points = rows[0][2], chart([value for _, value, _ in rows])
        assert [row[:2] for row in made[key]] == [row[:2] for row in rows], key
        for (month, _, *said), point in zip(made[key], points, strict=True):
            numbers = (point.mean, shown_lower(point, unit), point.upper)
            flags = [point.is_outside, point.is_run, point.is_trend, point.is_two_of_three]
            close = all(abs(float(ours) - theirs) <= CLOSE for ours, theirs in zip(said[:3], numbers, strict=True))
            if not close or said[3:] != [*flags, point.variation]:
                wrong.append((key, month, said, point))
            marks = [n + flag for n, flag in zip(marks, flags, strict=True)]
    assert wrong == []
    assert min(marks) > 10, "each rule marks months of the sample"
