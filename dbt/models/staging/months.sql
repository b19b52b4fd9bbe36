{{ config(materialized='night_table') }}
-- Every month that a row's date can have (landing accepts the years 1900 to 2100).
with digits as (
    {%- for n in range(10) %}
    select {{ n }} as n
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

numbers as (
    select 1000 * thousands.n + 100 * hundreds.n + 10 * tens.n + ones.n as n
    from digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as ones
    where thousands.n < 3
),

numbered as (
    select
        n + 22800 as month_no,
        cast(floor((n + 22800) / 12) as int) as calendar_year,
        (n % 12) + 1 as month_of_year
    from numbers
    where n < 2412
)

select
    cast(month_no as int) as month_no,
    calendar_year,
    cast(month_of_year as int) as month_of_year,
    case when month_of_year >= 4 then calendar_year else calendar_year - 1 end as financial_year,
    make_date(calendar_year, cast(month_of_year as int), 1) as month_start,
    last_day(make_date(calendar_year, cast(month_of_year as int), 1)) as month_end
from numbered
