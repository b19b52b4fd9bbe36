"""Control charts in the public form: only those of which every month is public.

A chart's mean and limits are made of all its months. With all of them but one known, they would tell that one.
"""

import duckdb

CHARTS = "mart_control_charts"
SERIES = ("mart", "force_code", "area_type", "area_code", "measure", "category")
SAID = "Control charts of the figures here: of series of which every month is shown, with its exact value."


def write_charts(con: duckdb.DuckDBPyConnection, schema: str, is_exact: bool) -> None:
    """Make `<schema>.mart_control_charts` of the marts' own and of `<schema>.measures`, with the same columns. Where figures
    are rounded, not `is_exact`, there is no row: a chart is made of exact ones.
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
    con.execute(f"comment on table {schema}.{CHARTS} is '{SAID}'")
