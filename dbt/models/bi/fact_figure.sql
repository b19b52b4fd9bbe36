{{ config(materialized='night_view') }}
-- Every figure of every mart, with the keys of the dimensions. Names without a database: the file can be attached under any name.
select
    {{ measure_key() }} as measure_key,
    {{ area_key() }} as area_key,
    period_end as date_key,
    category,
    period_type,
    period_start,
    period_label,
    value,
    numerator,
    denominator,
    prior_value,
    volume_change,
    pct_change,
    data_status
from {{ ref('measures').include(database=false) }}
