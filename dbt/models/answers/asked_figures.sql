-- The figures that editions ask for, one row for each area and category if an edition asks for all of them.
with asked as (
    select * from {{ source('raw', 'asked') }}
),

areas as (
    select force_code, area_type, area_code, area_name
    from {{ ref('areas_listed') }}
    union all
    select distinct force_code, area_type, area_code, area_name
    from {{ ref('mart_street_crime') }}
    where area_type = 'district'
),

categories as (
    select distinct force_code, mart, measure, category
    from {{ ref('measures') }}
    where category <> 'all'
),

placed as (
    select
        asked.asked_id, asked.force_code, asked.mart, asked.measure, asked.category, asked.area_type,
        coalesce(areas.area_name, asked.area_name) as area_name,
        areas.area_code,
        asked.from_day, asked.to_day, asked.prior_from, asked.prior_to, asked.published
    from asked
    left join areas
        on asked.force_code = areas.force_code
        and asked.area_type = areas.area_type
        and (asked.area_name = areas.area_name or asked.area_name = '*')
)

select
    placed.asked_id,
    concat(placed.asked_id, '/', placed.area_name, '/', coalesce(categories.category, placed.category)) as answer_id,
    placed.force_code,
    placed.mart,
    placed.measure,
    coalesce(categories.category, placed.category) as category,
    placed.area_type,
    placed.area_name,
    placed.area_code,
    placed.from_day,
    placed.to_day,
    placed.prior_from,
    placed.prior_to,
    placed.published
from placed
left join categories
    on placed.category = '*'
    and placed.force_code = categories.force_code
    and placed.mart = categories.mart
    and placed.measure = categories.measure
