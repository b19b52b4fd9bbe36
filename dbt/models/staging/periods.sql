{{ config(materialized='night_table') }}
-- Every period that has rows, for each force and coverage: its dates, name and status, and the status a year earlier.
{%- set to_end = 'order by month_no rows between unbounded preceding and current row' %}
with months as (
    select
        *,
        sum(is_touched) over (partition by coverage, force_code, calendar_year) as touched_in_calendar_year,
        sum(is_touched) over (partition by coverage, force_code, financial_year) as touched_in_financial_year,
        max(case when is_touched = 1 then month_no end) over (partition by coverage, force_code) as last_covered_month_no,
        sum(covered_days) over (partition by coverage, force_code, calendar_year {{ to_end }}) as covered_calendar,
        sum(covered_days) over (partition by coverage, force_code, financial_year {{ to_end }}) as covered_financial,
        sum(covered_days) over (
            partition by coverage, force_code order by month_no rows between 11 preceding and current row
        ) as covered_rolling
    from {{ ref('coverage_months') }}
),

labelled as (
    select
        *,
        touched_in_calendar_year > 0 or touched_in_financial_year > 0 as has_row,
        -- A window that ends later has not ended yet, and would look like a fall.
        month_no between first_covered_month_no and last_covered_month_no as is_between_covered,
        {{ month_name('month_of_year') }} as month_name,
        {{ month_name('(month_of_year % 12) + 1') }} as next_month_name,
        make_date(calendar_year, 1, 1) as calendar_start,
        make_date(financial_year, 4, 1) as financial_start,
        make_date(case when month_of_year = 12 then calendar_year else calendar_year - 1 end, (month_of_year % 12) + 1, 1)
            as rolling_start,
        cast(calendar_year as string) as calendar_name,
        {{ year_pair('calendar_year - 1') }} as rolling_name,
        {{ year_pair('financial_year') }} as financial_name
    from months
),

listed as (
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'month' as period_type,
        month_start as period_start,
        concat(month_name, ' ', calendar_name) as period_label,
        covered_days,
        has_row
    from labelled
    union all
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'calendar_year' as period_type,
        calendar_start as period_start,
        calendar_name as period_label,
        covered_calendar as covered_days,
        month_of_year = 12 and touched_in_calendar_year > 0 as has_row
    from labelled
    union all
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'financial_year' as period_type,
        financial_start as period_start,
        financial_name as period_label,
        covered_financial as covered_days,
        month_of_year = 3 and touched_in_financial_year > 0 as has_row
    from labelled
    union all
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'rolling_12_months' as period_type,
        rolling_start as period_start,
        case
            when month_of_year = 12 then concat('Jan-Dec ', calendar_name)
            else concat(next_month_name, '-', month_name, ' ', rolling_name)
        end as period_label,
        covered_rolling as covered_days,
        is_between_covered and month_no - 11 >= first_covered_month_no as has_row
    from labelled
    union all
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'calendar_year_to_date' as period_type,
        calendar_start as period_start,
        case
            when month_of_year = 1 then concat('Jan ', calendar_name)
            else concat('Jan-', month_name, ' ', calendar_name)
        end as period_label,
        covered_calendar as covered_days,
        is_between_covered as has_row
    from labelled
    union all
    select
        coverage, force_code, month_no, is_end_covered, month_end as period_end,
        'financial_year_to_date' as period_type,
        financial_start as period_start,
        case
            when month_of_year = 4 then concat('Apr ', financial_name)
            else concat('Apr-', month_name, ' ', financial_name)
        end as period_label,
        covered_financial as covered_days,
        is_between_covered as has_row
    from labelled
),

with_status as (
    select
        *,
        {{ coverage_status('covered_days', 'period_start', 'period_end') }} as data_status,
        {{ end_status('is_end_covered') }} as end_status
    from listed
),

compared as (
    select
        *,
        lag(case when has_row then data_status end, 12)
            over (partition by coverage, force_code, period_type order by month_no) as prior_status,
        lag(case when has_row then end_status end, 12)
            over (partition by coverage, force_code, period_type order by month_no) as prior_end_status
    from with_status
)

select
    coverage,
    force_code,
    month_no,
    period_type,
    period_start,
    period_end,
    period_label,
    data_status,
    end_status,
    prior_status,
    prior_end_status
from compared
where has_row
