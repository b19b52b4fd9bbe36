{{ config(materialized='night_view') }}
-- Every figure of every mart, with the keys of what it is about. Names carry no database: the file is read under whatever
-- name it is attached.
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
