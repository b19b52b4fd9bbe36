"""The limits below which a control chart is not judged, and a change is called one of small numbers
(docs/reference/control-charts.md).

The charts themselves are computed in `dbt/models/marts/mart_control_charts.sql`.
"""

from decimal import Decimal

FEW_A_MONTH = 2
"""No mean or limits are drawn for a series with a lower mean, and its changes are not judged. Its months are mostly 0 and 1, so
most moving ranges are screened out, the limits lie on the mean, and every month would be outside them."""
SMALL = 20
"""A change is of small numbers where either count is under this: one or two events more would reverse it."""


def is_small(unit: str | None, value: Decimal | None, prior_value: Decimal | None) -> bool:
    """Whether either side of a change is a count so small that one or two events more would reverse it."""
    return unit == "count" and any(v is not None and abs(v) < SMALL for v in (value, prior_value))
