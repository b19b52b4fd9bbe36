"""The limit under which a control chart is not judged. Explained in docs/reference/control-charts.md.

The charts themselves are computed in `dbt/macros/control_chart.sql`.
"""

FEW_A_MONTH = 2
"""A series with a mean under this has no mean or limits drawn, and its changes are not judged. It is mostly 0 and 1: most
of its changes are screened out, so the limits lie on the mean and every month is beyond them."""
