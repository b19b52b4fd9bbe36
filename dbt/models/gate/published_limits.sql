{{ config(materialized='night_months', meta={'rebuilds': 'facts'}) }}
-- Lower 95% confidence limits of published indicators, for claims such as "significantly above". All marts have the same columns,
-- and none for limits.
select
    cast('mart_public_health' as string) as mart,
    health.force_code,
    cast({{ month_no('health.period_end') }} as int) as month_no,
    health.measure,
    health.area_type,
    health.area_name,
    health.period_label,
    max(source.lower_ci_95_0_limit) as lower_limit
from {{ ref('mart_public_health') }} as health
inner join {{ ref('figures_to_rebuild') }} as rebuilt
    on rebuilt.mart = 'mart_public_health'
    and health.force_code = rebuilt.force_code
    and {{ month_no('health.period_end') }} >= rebuilt.from_month_no
inner join {{ ref('public_health_indicators') }} as indicators
    on health.measure = indicators.measure
inner join {{ ref('stg_public_health') }} as source
    on health.force_code = source.force_code
    and health.area_code = source.area_code
    and health.period_label = source.time_period
    and indicators.indicator_id = source.indicator_id
    and health.value = source.value
where
    indicators.value_column = 'value'
    and health.category = 'all'
    and lower(source.sex) = 'persons'
    and source.category is null
group by
    health.force_code, {{ month_no('health.period_end') }}, health.measure, health.area_type, health.area_name,
    health.period_label
