"""Every control chart of the sample, compared with NHSRplotthedots' method in plain Python (charts.py).

tests/transform/test_control_charts.py checks charts.py itself, with the package's test vectors and output for random series.
"""

from itertools import groupby
from typing import Any

from support import published

from dagster_project.core.home import Home
from oracle.charts import chart, shown_lower

SERIES = "mart, force_code, area_type, area_code, measure, category"
TOLERANCE = 1e-9


def by_series(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    return {key: [row[6:] for row in group] for key, group in groupby(rows, lambda row: row[:6])}


def test_every_chart_of_the_sample_equals_the_package_s(sample_home: Home) -> None:
    """Compares the series, their months and values, mean and limits to 1e-9, every flag, and the kind of variation."""
    values = by_series(published(
        sample_home, f"select {SERIES}, period_start, value, unit from marts.measures where period_type = 'month'"
        " and data_status = 'complete' and value is not null order by all"))  # fmt: skip
    expected = {key: rows for key, rows in values.items() if len(rows) >= 12}
    charted = by_series(published(
        sample_home, f"select {SERIES}, period_start, value, mean, lower_limit, upper_limit, is_outside_limits, is_run,"
        " is_trend, is_two_of_three, variation from marts.mart_control_charts order by all"))  # fmt: skip
    assert charted.keys() == expected.keys() and len(charted) > 500
    differences, marks = [], [0, 0, 0, 0]
    for key, rows in expected.items():
        unit, points = rows[0][2], chart([value for _, value, _ in rows])
        assert [row[:2] for row in charted[key]] == [row[:2] for row in rows], key
        for (month, _, *actual), point in zip(charted[key], points, strict=True):
            numbers = (point.mean, shown_lower(point, unit), point.upper)
            flags = [point.is_outside, point.is_run, point.is_trend, point.is_two_of_three]
            is_close = all(abs(float(ours) - theirs) <= TOLERANCE for ours, theirs in zip(actual[:3], numbers, strict=True))
            if not is_close or actual[3:] != [*flags, point.variation]:
                differences.append((key, month, actual, point))
            marks = [n + flag for n, flag in zip(marks, flags, strict=True)]
    assert differences == []
    assert min(marks) > 10, "each rule marks months of the sample"
