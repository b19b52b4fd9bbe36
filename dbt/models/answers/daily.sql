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

events as (
    select * from {{ ref('event_days') }}
),

-- Loads without the column that splits a measure.
unsplit as (
    select distinct listed.mart, listed.measure, gaps.load_id
    from {{ ref('measure_list') }} as listed
    inner join {{ ref('coverage_gaps') }} as gaps on listed.category_coverage = gaps.coverage
),

by_day as (
    select
        events.mart, events.force_code, events.leaf_code, max(events.leaf_name) as leaf_name, events.event_on, events.measure,
        case when unsplit.load_id is null then events.category else 'all' end as category, sum(events.amount) as amount
    from events
    inner join asked
        on events.mart = asked.mart
        and events.force_code = asked.force_code
        and events.measure = asked.measure
        and events.event_on between asked.from_day and asked.to_day
    left join unsplit
        on events.mart = unsplit.mart
        and events.measure = unsplit.measure
        and events.load_id = unsplit.load_id
    group by
        events.mart, events.force_code, events.leaf_code, events.event_on, events.measure,
        case when unsplit.load_id is null then events.category else 'all' end
),

covered as (
    -- A day on which the newest file lacks the column has no categories either, though a row of an older one may count. A stock has
    -- them however old its rows are.
    select
        by_day.mart, by_day.force_code, by_day.leaf_code, by_day.leaf_name, by_day.event_on, by_day.measure,
        case
            when listed.category_coverage is null or split.coverage is not null or listed.aggregation = 'stock' then by_day.category
            else 'all'
        end as category,
        by_day.amount, windows.coverage is not null as is_covered
    from by_day
    inner join {{ ref('measure_list') }} as listed
        on by_day.mart = listed.mart
        and by_day.measure = listed.measure
    left join {{ ref('coverage_windows') }} as windows
        on listed.coverage = windows.coverage
        and by_day.force_code = windows.force_code
        and by_day.event_on between windows.covered_from and windows.covered_to
    left join {{ ref('coverage_windows') }} as split
        on listed.category_coverage = split.coverage
        and by_day.force_code = split.force_code
        and by_day.event_on between split.covered_from and split.covered_to
    union all
    -- Of erased rows only the month is known: `answers` gives no figure for a part of it.
    select
        kept.mart, kept.force_code, kept.leaf_code, kept.leaf_name, kept.event_on, kept.measure,
        case when unsplit.load_id is null then kept.category else 'all' end as category, kept.amount, kept.is_covered
    from {{ ref('kept_measures') }} as kept
    left join unsplit
        on kept.mart = unsplit.mart
        and kept.measure = unsplit.measure
        and kept.load_id = unsplit.load_id
    where not kept.is_carried
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
