{{ config(materialized='night_view') }}
-- Monthly figures that may be added: each thing is in one row. Of a force's areas the smallest, which add up to the force; of
-- `all` and its categories the categories, unless some are missing. Names without a database: the file can be attached under
-- any name.
with figures as (
    select
        dim_measure.measure_key,
        {{ area_key() }} as area_key,
        measures.force_code,
        measures.area_type,
        measures.period_end as date_key,
        measures.category,
        measures.value,
        measures.data_status
    from {{ ref('measures').include(database=false) }} as measures
    inner join {{ ref('dim_measure').include(database=false) }} as dim_measure
        on measures.mart = dim_measure.mart and measures.measure = dim_measure.measure
    where measures.period_type = 'month'
        and measures.area_type in ('force', 'district', 'lpu')
        and dim_measure.is_additive
),

in_areas as (
    select distinct measure_key, force_code, date_key
    from figures
    where area_type <> 'force'
),

-- A file that lacks the column of the categories counts under `all` alone, which then has another status or value.
splits as (
    select
        measure_key, area_key, date_key,
        count(*) > 1
        and min(data_status) = max(data_status)
        and coalesce(sum(case when category <> 'all' then value end) = sum(case when category = 'all' then value end), true) as is_whole
    from figures
    group by measure_key, area_key, date_key
)

select
    figures.measure_key, figures.area_key, figures.date_key, figures.category, figures.value, figures.data_status
from figures
inner join splits
    on figures.measure_key = splits.measure_key
    and figures.area_key = splits.area_key
    and figures.date_key = splits.date_key
left join in_areas
    on figures.measure_key = in_areas.measure_key
    and figures.force_code = in_areas.force_code
    and figures.date_key = in_areas.date_key
where (figures.area_type <> 'force' or in_areas.measure_key is null) and (figures.category <> 'all') = splits.is_whole
