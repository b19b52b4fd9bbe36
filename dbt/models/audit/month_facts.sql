{{ config(materialized='night_table') }}
-- Headline figures of complete months, against the mean of the twelve complete months before: one row a mart, force, measure and
-- month that tonight completes or changes. A mean under 30 is too little to judge by, and so is a rate of fewer rows.
-- Money comes in a few large sums: it is held against the least and the greatest of the twelve, where each of them has some.
with figures as (
    select
        measures.mart,
        measures.force_code,
        measures.measure,
        measures.unit = 'gbp' as is_money,
        {{ month_no('measures.period_end') }} as month_no,
        cast(measures.value as double) as value,
        cast(measures.denominator as double) as rows_shared
    from {{ ref('measures') }} as measures
    inner join {{ ref('measure_list') }} as listed
        on measures.mart = listed.mart
        and measures.measure = listed.measure
    where listed.is_headline
        and measures.area_type = 'force'
        and measures.category = 'all'
        and measures.period_type = 'month'
        and measures.data_status = 'complete'
),

{% set before = 'partition by mart, force_code, measure order by month_no rows between 12 preceding and 1 preceding' %}
compared as (
    select
        *,
        avg(value) over ({{ before }}) as mean_before,
        avg(rows_shared) over ({{ before }}) as mean_rows,
        min(value) over ({{ before }}) as least_before,
        max(value) over ({{ before }}) as most_before,
        count(*) over ({{ before }}) as months_before
    from figures
),

judged as (
    select
        *,
        case
            when not is_money then value / mean_before
            when value < least_before then value / least_before
            when value > most_before then value / most_before
            else 1
        end as month_to_mean
    from compared
    where months_before = 12
        and mean_before >= 30
        and coalesce(mean_rows, 30) >= 30
        and (not is_money or (least_before > 0 and value > 0))
)

select
    judged.mart,
    judged.force_code,
    judged.measure,
    cast(judged.month_no as int) as month_no,
    judged.value,
    judged.mean_before,
    judged.month_to_mean,
    case
        when judged.value = 0 then 1000000000
        else greatest(judged.month_to_mean, 1 / judged.month_to_mean)
    end as times_apart
from judged
left join {{ source('raw', 'published_months') }} as published
    on judged.mart = published.mart
    and judged.force_code = published.force_code
    and judged.measure = published.measure
    and judged.month_no = published.month_no
left join {{ source('raw', 'accepted_months') }} as accepted
    on judged.measure = accepted.measure
    and judged.force_code = accepted.force_code
    and judged.month_no = accepted.month_no
where accepted.measure is null
    and (published.value is null or published.value <> judged.value)
