"""The published marts, against what the report printed, at the precision that it was printed with.

The sample is made to add up to the report; the marts must find that by counting. What can't hold is listed with the reason.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import duckdb
import pytest
from support import seed

PERIODS = (
    "month",
    "calendar_year",
    "financial_year",
    "rolling_12_months",
    "calendar_year_to_date",
    "financial_year_to_date",
    "as_published",
)
ROWS = [
    r
    for r in seed("published_figures")
    if r["kind"] == "figure" and r["period_type"] in PERIODS and r["value"] and r["period_start"]
]
NEVER = {
    ("3.6", "lines_closed", "32"): "a sentence says 32 where the table's last twelve months are 30",
    ("3.6", "persons_safeguarded", "56"): "the text says 56, its own table 61",
}


@pytest.fixture(scope="module")
def marts(sample_home):
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as con:
        yield con


def found(marts, row):
    """The figure, and how often the marts have it."""
    sql = (
        f"select {row['figure']} from marts.measures where mart = ? and measure = ? and area_type = ? and area_name = ?"
        " and category = ? and period_type = ? and period_start = cast(? as date) and period_end = cast(? as date)"
    )
    names = ("mart", "measure", "area_type", "area_name", "category", "period_type", "period_start", "period_end")
    asked = row | {"period_type": "as_published"} if row["mart"] == "mart_public_health" else row
    return marts.execute(sql, [asked[n] for n in names]).fetchall()


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['paragraph']}-{r['measure']}-{r['figure']}-{r['period_label']}")
def test_figure(marts, row):
    known = any((p, m) == (row["paragraph"], row["measure"]) and Decimal(v) == Decimal(row["value"]) for p, m, v in NEVER)
    answer = found(marts, row)
    printed = Decimal(row["value"])
    agrees = len(answer) == 1 and answer[0][0] is not None and _agrees(answer[0][0], printed)
    assert agrees != known, (row["printed"], answer)


def _agrees(value, printed):
    """At the printed precision: rounded, or cut as the report does in places (32% for 32.63%)."""
    step = Decimal(1).scaleb(printed.as_tuple().exponent)
    return printed in (value.quantize(step, ROUND_HALF_UP), value.quantize(step, ROUND_DOWN))


def test_there_is_something_to_hold():
    assert len(ROWS) > 150
