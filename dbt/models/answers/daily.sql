-- Sums by day, for the force and for each section, unit or district: any window can be made from them. Only measures that editions
-- ask for, and days from their first to their last window.
with windows_asked as (
    select mart, force_code, measure, from_day, to_day from {{ source('raw', 'asked') }}
    where to_day is not null
    union all
    select mart, force_code, measure, prior_from as from_day, prior_to as to_day from {{ source('raw', 'asked') }}
    where prior_to is not null
),

-- A rate needs its parts. A stock, or a window without a first day, needs all days.
asked as (
    select
        windows_asked.mart,
        windows_asked.force_code,
        parts.measure,
        min(
            case when listed.aggregation = 'stock' then make_date(1, 1, 1) else coalesce(windows_asked.from_day, make_date(1, 1, 1)) end
        ) as from_day,
        max(windows_asked.to_day) as to_day
    from windows_asked
    inner join {{ ref('measure_list') }} as listed
        on windows_asked.mart = listed.mart
        and windows_asked.measure = listed.measure
    inner join {{ ref('measure_list') }} as parts
        on listed.mart = parts.mart
        and (
            listed.numerator = parts.measure
            or listed.denominator = parts.measure
            or (listed.measure = parts.measure and listed.numerator is null)
        )
    group by windows_asked.mart, windows_asked.force_code, parts.measure
),

-- What cannot be split by category is in `all` alone.
days as (
    select
        events.mart, events.force_code, events.leaf_code, events.leaf_name, events.event_on, events.measure,
        case when events.is_unsplit then 'all' else events.category end as category, events.is_covered, events.amount
    from {{ ref('event_days') }} as events
    inner join asked
        on events.mart = asked.mart
        and events.force_code = asked.force_code
        and events.measure = asked.measure
        and events.event_on between asked.from_day and asked.to_day
)

select
    mart, force_code, 'force' as area_type, force_code as area_code, measure, category, event_on, is_covered,
    sum(amount) as amount
from days
group by mart, force_code, measure, category, event_on, is_covered
union all
select
    days.mart, days.force_code, members.area_type, members.area_code, days.measure, days.category,
    days.event_on, days.is_covered, sum(days.amount) as amount
from days
inner join {{ ref('area_members') }} as members
    on days.force_code = members.force_code
    and days.leaf_code = members.leaf_code
where days.leaf_name is null
group by
    days.mart, days.force_code, members.area_type, members.area_code, days.measure, days.category,
    days.event_on, days.is_covered
union all
select
    mart, force_code, 'district' as area_type, leaf_code as area_code, measure, category, event_on, is_covered,
    sum(amount) as amount
from days
where leaf_name is not null
group by mart, force_code, leaf_code, measure, category, event_on, is_covered
union all
select mart, force_code, area_type, area_code, measure, category, event_on, is_covered, amount
from {{ source('raw', 'carried_days') }}
