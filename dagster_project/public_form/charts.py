"""Control charts in the public form: only those whose every month is public.

A chart's mean and limits depend on all its months. If all months but one are known, they give that one away.
"""

import duckdb

CHARTS = "mart_control_charts"
SERIES = ("mart", "force_code", "area_type", "area_code", "measure", "category")
COMMENT = "Control charts of the figures here: of series of which every month is shown, with its exact value."


def write_charts(con: duckdb.DuckDBPyConnection, schema: str, is_exact: bool) -> None:
    """Make `<schema>.mart_control_charts`: the charts of the marts whose every month `<schema>.measures` shows, in the same
    columns. It is empty where figures are rounded (not `is_exact`), as charts are made from exact ones.
    """
    con.execute(
        f"""
        create or replace table {schema}.{CHARTS} as
        select charts.*
        from marts.{CHARTS} as charts
        anti join (
            select distinct {", ".join(f"every.{c}" for c in SERIES)}
            from marts.{CHARTS} as every
            left join {schema}.measures as shown
                on {" and ".join(f"every.{c} = shown.{c}" for c in (*SERIES, "period_start", "period_end"))}
                and shown.period_type = 'month' and shown.marker is null
            where shown.value is distinct from every.value
        ) as hidden using ({", ".join(SERIES)})
        where {is_exact}
        """
    )
    con.execute(f"comment on table {schema}.{CHARTS} is '{COMMENT}'")
