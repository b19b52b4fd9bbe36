"""The control charts that may leave the force."""

import duckdb

from .rules import SCHEMA

CHARTS = "mart_control_charts"
CHART_SERIES = ("mart", "force_code", "area_type", "area_code", "measure", "category")
CHARTS_COMMENT = "Control charts of the figures here: of series of which every month is shown, with its exact value."


def write_charts(con: duckdb.DuckDBPyConnection, is_exact: bool) -> None:
    """Make `marts_public.mart_control_charts`: the charts of the marts whose every month `marts_public.measures` shows, in the
    same columns. It is empty where figures are rounded (not `is_exact`), as charts are made from exact ones.

    A chart's mean and limits depend on all its months: if all but one are known, they give that one away.
    """
    con.execute(
        f"""
        create or replace table {SCHEMA}.{CHARTS} as
        select charts.*
        from marts.{CHARTS} as charts
        anti join (
            select distinct {", ".join(f"every.{c}" for c in CHART_SERIES)}
            from marts.{CHARTS} as every
            left join {SCHEMA}.measures as shown
                on {" and ".join(f"every.{c} = shown.{c}" for c in (*CHART_SERIES, "period_start", "period_end"))}
                and shown.period_type = 'month' and shown.marker is null
            where shown.value is distinct from every.value
        ) as hidden using ({", ".join(CHART_SERIES)})
        where {is_exact}
        """
    )
    con.execute(f"comment on table {SCHEMA}.{CHARTS} is '{CHARTS_COMMENT}'")
