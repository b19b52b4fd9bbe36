-- The value of each figure that an edition asks for, over any window, computed from days. If the window is a period of the marts,
-- the value is the same as the mart's, which a test checks.
with asked as (
    select * from {{ ref('asked_figures') }}
),

listed as (
    select * from {{ ref('measure_list') }}
),

-- Categories may have a coverage of their own.
measure_coverages as (
    select listed.*, false as of_category, listed.coverage as own_coverage from listed
    union all
    select listed.*, true as of_category, coalesce(listed.category_coverage, listed.coverage) as own_coverage from listed
),

-- The window that is asked for, and the same a year earlier.
sides as (
    select answer_id, 'now' as side, from_day, to_day from asked
    union all
    select answer_id, 'before' as side, prior_from as from_day, prior_to as to_day from asked
    where prior_to is not null
),

windows as (
    select
        asked.answer_id, sides.side, sides.from_day, sides.to_day, asked.force_code, asked.mart, asked.category,
        asked.area_type, asked.area_code, listed.measure, listed.aggregation, listed.numerator,
        listed.denominator, listed.denominator_category,
        coalesce(areas.area_coverage, listed.own_coverage) as coverage
    from asked
    inner join sides on asked.answer_id = sides.answer_id
    inner join measure_coverages as listed
        on asked.mart = listed.mart
        and asked.measure = listed.measure
        and listed.of_category = (asked.category <> 'all')
    left join {{ ref('area_coverages') }} as areas
        on asked.force_code = areas.force_code
        and listed.own_coverage = areas.coverage
        and {{ is_unit('asked') }}
    where asked.area_code is not null and listed.aggregation <> 'published' and sides.to_day is not null
),

-- A rate has two parts, each summed over the window first.
parts as (
    select *, 'n' as part, coalesce(numerator, measure) as part_measure, category as part_category
    from windows
    union all
    select *, 'd' as part, denominator as part_measure, coalesce(denominator_category, category) as part_category
    from windows
    where denominator is not null
),

amounts as (
    select
        parts.answer_id, parts.side, parts.part,
        case
            when max(parts.aggregation) = 'last' then max_by(daily.amount, daily.event_on)
            else coalesce(sum(daily.amount), 0)
        end as amount
    from parts
    left join {{ ref('daily') }} as daily
        on parts.mart = daily.mart
        and parts.force_code = daily.force_code
        and parts.area_type = daily.area_type
        and parts.area_code = daily.area_code
        and parts.part_measure = daily.measure
        and (parts.part_category = 'all' or parts.part_category = daily.category)
        and parts.to_day >= daily.event_on
        -- A stock takes every row before the day; nothing else counts outside the covered days.
        and (parts.aggregation = 'stock' or daily.is_covered)
        and (parts.aggregation = 'stock' or parts.from_day is null or parts.from_day <= daily.event_on)
    group by parts.answer_id, parts.side, parts.part
),

-- Windows that start or end within a month whose rows were erased: their part of that month is not known.
split_months as (
    select distinct parts.answer_id, parts.side
    from parts
    inner join {{ ref('kept_measures') }} as kept
        on parts.mart = kept.mart
        and parts.force_code = kept.force_code
        and parts.part_measure = kept.measure
        and (
            (parts.to_day >= kept.month_start and parts.to_day < kept.month_end)
            or (parts.aggregation <> 'stock' and parts.from_day > kept.month_start and parts.from_day <= kept.month_end)
        )
),

days as (
    select
        windows.answer_id, windows.side,
        sum(greatest(0, {{ days_between(
            'greatest(coverage.covered_from, coalesce(windows.from_day, coverage.covered_from))',
            'least(coverage.covered_to, windows.to_day)') }} + 1)) as covered_days,
        max(case when windows.to_day between coverage.covered_from and coverage.covered_to then 1 else 0 end) as is_end_covered,
        min(coverage.covered_from) as first_day
    from windows
    inner join {{ ref('coverage_windows') }} as coverage
        on windows.coverage = coverage.coverage
        and windows.force_code = coverage.force_code
    group by windows.answer_id, windows.side
),

-- Pivoted, not joined twice: Spark would compute all sums again for the second join.
both_parts as (
    select
        answer_id, side,
        max(case when part = 'n' then amount end) as n,
        max(case when part = 'd' then amount end) as d
    from amounts
    group by answer_id, side
),

with_status as (
    select
        windows.answer_id, windows.side, windows.aggregation, both_parts.n, both_parts.d,
        case
            when split_months.answer_id is not null then 'not_available'
            when windows.aggregation in ('stock', 'last') then {{ end_status('days.is_end_covered') }}
            else {{ coverage_status('days.covered_days', 'coalesce(windows.from_day, days.first_day)', 'windows.to_day') }}
        end as data_status
    from windows
    left join days
        on windows.answer_id = days.answer_id
        and windows.side = days.side
    left join split_months
        on windows.answer_id = split_months.answer_id
        and windows.side = split_months.side
    left join both_parts
        on windows.answer_id = both_parts.answer_id
        and windows.side = both_parts.side
),

valued as (
    select
        *,
        {{ figure_from('n', 'd', 'data_status') }} as value
    from with_status
),

-- Published figures of others are found by their days, or counted back from the newest.
published as (
    select
        asked.answer_id, asked.published, health.value, health.prior_value, health.data_status, health.period_label,
        case when health.prior_value is not null then 'complete' end as prior_status,
        row_number() over (partition by asked.answer_id order by health.period_end desc, health.period_start desc) as choice
    from asked
    inner join {{ ref('mart_public_health') }} as health
        on asked.force_code = health.force_code
        and asked.mart = 'mart_public_health'
        and asked.measure = health.measure
        and asked.category = health.category
        and asked.area_type = health.area_type
        and asked.area_name = health.area_name
        and (
            asked.published is not null
            or (asked.from_day = health.period_start and asked.to_day = health.period_end)
        )
),

answered as (
    select
        answer_id,
        max(case when side = 'now' then value end) as value,
        max(case when side = 'before' then value end) as prior_value,
        max(case when side = 'now' then data_status end) as data_status,
        max(case when side = 'before' then data_status end) as prior_status,
        max(case when side = 'now' and aggregation in ('rate', 'share') and data_status <> 'not_available' then n end)
            as numerator,
        max(case when side = 'now' and aggregation in ('rate', 'share') and data_status <> 'not_available' then d end)
            as denominator,
        cast(null as string) as period_label
    from valued
    group by answer_id
    having max(case when side = 'now' then 1 else 0 end) = 1
    union all
    select
        answer_id, value, prior_value, data_status, prior_status,
        cast(null as decimal(38, 10)) as numerator, cast(null as decimal(38, 10)) as denominator,
        period_label
    from published
    where choice = coalesce(published, 0) + 1
)

select
    asked.asked_id,
    asked.answer_id,
    asked.area_name,
    asked.category,
    answered.period_label,
    listed.unit,
    answered.value,
    cast(answered.numerator as decimal(28, 10)) as numerator,
    cast(answered.denominator as decimal(28, 10)) as denominator,
    answered.prior_value,
    {{ change('answered', 'listed.unit') }},
    case
        when listed.measure is null then 'not_applicable'
        else coalesce(answered.data_status, 'not_available')
    end as data_status,
    case
        when listed.measure is null then 'not_applicable'
        else coalesce(answered.prior_status, 'not_available')
    end as prior_status
from asked
left join listed
    on asked.mart = listed.mart
    and asked.measure = listed.measure
left join answered on asked.answer_id = answered.answer_id
