"""What every reader of control charts goes by, beside the charts themselves (docs/reference/control-charts.md)."""

FEW_A_MONTH = 2
"""A series whose mean is under this is not judged, and has no mean or limits drawn: it is mostly 0 and 1, and where most of its
changes are screened out, the limits are the mean, beyond which is every month."""
