{{ config(materialized='table') }}
-- What each day adds to, for the force and for each section, unit or district: the grain from which any window is made.
with events as (
    {%- for subject in subjects() %}
    select 'mart_{{ subject }}' as mart, force_code, leaf_code, leaf_name, event_on, measure, category, amount
    from {{ ref(subject ~ '_events') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

by_day as (
    select mart, force_code, leaf_code, max(leaf_name) as leaf_name, event_on, measure, category, sum(amount) as amount
    from events
    group by mart, force_code, leaf_code, event_on, measure, category
),

covered as (
    select
        by_day.mart, by_day.force_code, by_day.leaf_code, by_day.leaf_name, by_day.event_on, by_day.measure, by_day.category,
        by_day.amount, windows.coverage is not null as is_covered
    from by_day
    inner join {{ ref('measure_list') }} as listed
        on by_day.mart = listed.mart
        and by_day.measure = listed.measure
    left join {{ ref('coverage_windows') }} as windows
        on listed.coverage = windows.coverage
        and by_day.force_code = windows.force_code
        and by_day.event_on between windows.covered_from and windows.covered_to
    union all
    -- Of erased rows the month is known, and no day of it: `answers` gives no figure for a part of the month.
    select mart, force_code, leaf_code, leaf_name, event_on, measure, category, amount, is_covered
    from {{ ref('kept_measures') }}
)

select
    mart, force_code, 'force' as area_type, force_code as area_code, measure, category, event_on, is_covered,
    sum(amount) as amount
from covered
group by mart, force_code, measure, category, event_on, is_covered
union all
select
    covered.mart, covered.force_code, members.area_type, members.area_code, covered.measure, covered.category,
    covered.event_on, covered.is_covered, sum(covered.amount) as amount
from covered
inner join {{ ref('area_members') }} as members
    on covered.force_code = members.force_code
    and covered.leaf_code = members.leaf_code
where covered.leaf_name is null
group by
    covered.mart, covered.force_code, members.area_type, members.area_code, covered.measure, covered.category,
    covered.event_on, covered.is_covered
union all
select
    mart, force_code, 'district' as area_type, leaf_code as area_code, measure, category, event_on, is_covered,
    sum(amount) as amount
from covered
where leaf_name is not null
group by mart, force_code, leaf_code, measure, category, event_on, is_covered
union all
select mart, force_code, area_type, area_code, measure, category, event_on, is_covered, amount
from {{ source('raw', 'carried_days') }}
