-- Every day of the years that have figures. A period belongs to its last day.
with days_of_month as (
    {%- for n in range(31) %}
    select {{ n }} as n
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

bounds as (
    select year(min(period_start)) as first_year, year(max(period_end)) as last_year
    from {{ ref('measures').include(database=false) }}
),

days as (
    select
        {{ add_days('months.month_start', 'days_of_month.n') }} as date_key,
        months.calendar_year,
        months.month_of_year,
        months.financial_year,
        months.month_start,
        months.month_end
    from {{ ref('months') }} as months
    inner join bounds on months.calendar_year between bounds.first_year and bounds.last_year
    cross join days_of_month
),

numbered as (
    select
        *,
        cast(floor((month_of_year + 2) / 3) as int) as calendar_quarter,
        case when month_of_year >= 4 then month_of_year - 3 else month_of_year + 9 end as financial_month,
        {{ month_name('month_of_year') }} as month_name
    from days
    where date_key <= month_end
),

spelled as (
    select
        *,
        cast(floor((financial_month + 2) / 3) as int) as financial_quarter,
        cast(calendar_year as string) as calendar_year_label,
        {{ year_pair('financial_year') }} as financial_year_label
    from numbered
)

select
    date_key,
    cast(calendar_year as int) as calendar_year,
    calendar_quarter,
    concat(calendar_year_label, ' Q', cast(calendar_quarter as string)) as calendar_quarter_label,
    cast(month_of_year as int) as month_of_year,
    month_name,
    cast(calendar_year * 100 + month_of_year as int) as month_order,
    concat(month_name, ' ', calendar_year_label) as month_label,
    month_start,
    month_end,
    cast(financial_year as int) as financial_year,
    financial_year_label,
    financial_quarter,
    concat(financial_year_label, ' Q', cast(financial_quarter as string)) as financial_quarter_label,
    cast(financial_month as int) as financial_month,
    date_key = month_end as is_month_end,
    date_key = month_end and financial_month in (3, 6, 9, 12) as is_quarter_end,
    date_key = month_end and financial_month = 12 as is_financial_year_end
from spelled
