-- Headline figures and money of complete months, compared with the mean of the twelve complete months before: one row for each
-- mart, force, measure and month that is complete or changed tonight. A mean below 30, or a rate of fewer rows, is too small to
-- judge. A rate below 30% is judged where its numerator has a mean of 30, in a month of 30 rows: 70 finds in 280 searches don't fall
-- to none. Money may be nothing in one month and most of the year in another, so only a month far above the mean is unusual.
-- Of units, only those that fell to 0 in the newest month: a file that leaves one out changes the force's figure too little.
with figures as (
    select
        measures.mart,
        measures.force_code,
        measures.area_type,
        measures.area_code,
        measures.area_name,
        measures.measure,
        listed.unit,
        {{ month_no('measures.period_end') }} as month_no,
        cast(measures.value as double) as value,
        cast(measures.numerator as double) as rows_counted,
        cast(measures.denominator as double) as rows_shared
    from {{ ref('measures') }} as measures
    inner join {{ ref('measure_list') }} as listed
        on measures.mart = listed.mart
        and measures.measure = listed.measure
    where measures.category = 'all'
        and measures.period_type = 'month'
        and measures.data_status = 'complete'
        and case measures.area_type
            when 'force' then listed.is_headline or listed.unit = 'gbp'
            when 'lpu' then listed.is_headline and listed.unit = 'count' and measures.area_code <> 'unknown'
            else false
        end
),

{% set series = 'mart, force_code, area_type, area_code, measure' %}
{% set before = 'partition by ' ~ series ~ ' order by month_no rows between 12 preceding and 1 preceding' %}
compared as (
    select
        *,
        avg(value) over ({{ before }}) as mean_before,
        avg(rows_counted) over ({{ before }}) as mean_counted,
        avg(rows_shared) over ({{ before }}) as mean_rows,
        count(*) over ({{ before }}) as months_before,
        min(value) over ({{ before }}) as least_before,
        max(month_no) over (partition by mart, force_code, measure) as newest_month_no
    from figures
)

select
    compared.mart,
    compared.force_code,
    compared.area_type,
    compared.area_code,
    compared.area_name,
    compared.measure,
    cast(compared.month_no as int) as month_no,
    compared.value,
    compared.mean_before,
    compared.value / compared.mean_before as month_to_mean
from compared
left join {{ source('raw', 'published_months') }} as published
    on compared.mart = published.mart
    and compared.force_code = published.force_code
    and compared.measure = published.measure
    and compared.month_no = published.month_no
left join {{ source('raw', 'accepted_months') }} as accepted
    on compared.measure = accepted.measure
    and compared.force_code = accepted.force_code
    and compared.area_code = accepted.area_code
    and compared.month_no = accepted.month_no
where compared.months_before = 12
    and (compared.mean_before >= 30 or (compared.mean_counted >= 30 and compared.rows_shared >= 30))
    and coalesce(compared.mean_rows, 30) >= 30
    and accepted.measure is null
    and case
        when compared.area_type = 'lpu'
            then compared.value = 0 and compared.least_before > 0 and compared.month_no = compared.newest_month_no
        else published.value is null or published.value <> compared.value
    end
