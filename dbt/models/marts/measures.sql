{{ config(materialized='night_view') }}
-- Names without a database: the file can be attached under any name.
{%- set marts = subjects() + ['public_health'] %}
{% for mart in marts -%}
select
    'mart_{{ mart }}' as mart,
    force_code,
    area_type,
    area_code,
    area_name,
    measure,
    category,
    period_type,
    period_start,
    period_end,
    period_label,
    value,
    unit,
    numerator,
    denominator,
    prior_value,
    volume_change,
    pct_change,
    data_status
from {{ ref('mart_' ~ mart).include(database=false) }}
{% if not loop.last %}union all
{% endif -%}
{% endfor %}
