"""The limit below which a control chart is not judged (docs/reference/control-charts.md).

The charts themselves are computed in `dbt/macros/control_chart.sql`.
"""

FEW_A_MONTH = 2
"""No mean or limits are drawn for a series with a lower mean, and its changes are not judged. Its months are mostly 0 and 1, so
most moving ranges are screened out, the limits lie on the mean, and every month would be outside them."""
