"""Notes on periods of public health that no figure shows."""

import pytest

from dagster_project.landing.doubts.indicator_periods import is_shown

HEADER = "Indicator ID,Indicator Name,Area Code,Area Name,Area Type,Sex,Time period,Value,Category"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2024", True), ("2026", True), ("2027", False), ("2042", False), ("1204", False), ("24", False), ("2024 Q1", False),
        ("2023/24", True), ("2025/26", True), ("2042/43", False), ("2023/21", False), ("2023/23", False), ("1999/00", True),
        ("2021 - 23", True), ("2021–23", True), ("2016-2018", True), ("1998 - 00", True),
        ("2024 - 22", False), ("2024 - 2022", False), ("2204 - 06", False),
        ("2021/22-23/24", True), ("2021/22 - 2023/24", True), ("2021-23/24", False), ("Aug 2023", False),
    ],
)  # fmt: skip
def test_which_periods_are_shown(period: str, expected: bool) -> None:
    """Of a file of 2026. The unit tests of `mart_public_health` have periods of each kind."""
    assert is_shown(period, 2026) == expected


def test_periods_that_no_figure_shows_are_noted(warehouse):
    periods = (
        ("92432", "2042", ""),
        ("92432", "2021 - 23", ""),
        ("92432", "2024 Q1", ""),
        ("92432", "2024 Q1", "Most deprived"),
    )
    lines = [
        f"{i},Deaths,E{n},Derbyshire,Counties,Persons,{p},5.5,{c}" for n, (i, p, c) in enumerate((*periods, ("1", "Q1", "")))
    ]
    entry = warehouse.land("public_health", *lines, header=HEADER)
    note = "time_period: '2024 Q1', '2042' in 2 rows are no years, or after 2026: no figure shows them"
    assert entry.outcome == "accepted" and [d for d in entry.drift if d.startswith("time_period")] == [note]
    entry = warehouse.land("public_health", lines[1], header=HEADER, at="20260106T020000Z")
    assert not any("time_period" in d for d in entry.drift)
