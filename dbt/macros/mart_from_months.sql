{#- Makes a mart from a subject's monthly sums: every area, category and covered period, with its status and the same period a
    year earlier. The one place where months become periods.

    A dense row for each month of each series (force, area, measure, category) goes through one pass of window functions, which
    make the sums to each month's end. `periods` then says which of them are rows, with label and status. A rate is made from
    the sums of its numerator and denominator, never from other rates.

    Only figures from the first month that changes (`figures_to_rebuild`) are made. They need 23 earlier months: the year before,
    and the year to its first month. A stock needs all. -#}
{% macro mart_from_months(mart, districts=false) %}
{%- set windows = ['month', 'rolling', 'calendar', 'financial'] -%}
with monthly as (
    select * from {{ ref('monthly') }} where mart = '{{ mart }}'
),

rebuilt as (
    select force_code, from_month_no from {{ ref('figures_to_rebuild') }} where mart = '{{ mart }}'
),

listed as (
    select * from {{ ref('measure_list') }} where mart = '{{ mart }}'
),

-- The areas that have rows.
areas as (
    {%- if districts %}
    select force_code, area_type, area_code, area_name from {{ ref('areas_listed') }} where area_type = 'force'
    union all
    select force_code, 'district' as area_type, leaf_code as area_code, max(leaf_name) as area_name
    from monthly group by force_code, leaf_code
    {%- else %}
    select force_code, area_type, area_code, area_name from {{ ref('areas_listed') }}
    {%- endif %}
),

-- The categories that have rows: `all`, those of a list, and those that the force has ever used.
categories as (
    select forces.force_code, listed.measure, 'all' as category
    from listed
    cross join (select distinct force_code from {{ ref('coverage_windows') }}) as forces
    union
    select forces.force_code, listed.measure, allowed.value as category
    from listed
    inner join {{ source('raw', 'contract_values') }} as allowed
        on listed.split_by = concat(allowed.extract, '.', allowed.column_name)
    cross join (select distinct force_code from {{ ref('coverage_windows') }}) as forces
    union
    select monthly.force_code, listed.measure, monthly.category
    from listed
    inner join listed as grouped
        on listed.category_group = grouped.category_group or listed.measure = grouped.measure
    inner join monthly
        on grouped.measure = monthly.measure
),

-- Sums for the force, and for the section, unit or district of a row.
summed as (
    select force_code, 'force' as area_type, force_code as area_code, measure, category, month_no, sum(amount) as amount
    from monthly group by force_code, measure, category, month_no
    union all
    {%- if districts %}
    select force_code, 'district' as area_type, leaf_code as area_code, measure, category, month_no, amount
    from monthly
    {%- else %}
    select
        monthly.force_code, members.area_type, members.area_code, monthly.measure, monthly.category, monthly.month_no,
        sum(monthly.amount) as amount
    from monthly
    inner join {{ ref('area_members') }} as members
        on monthly.force_code = members.force_code
        and monthly.leaf_code = members.leaf_code
    group by
        monthly.force_code, members.area_type, members.area_code, monthly.measure, monthly.category, monthly.month_no
    {%- endif %}
),

with_all as (
    select * from summed where category <> 'all'
    union all
    select force_code, area_type, area_code, measure, 'all' as category, month_no, sum(amount) as amount
    from summed group by force_code, area_type, area_code, measure, month_no
),

-- A series is called by a number: to sort and join by five texts takes twice the time.
series as (
    select
        row_number() over (
            order by areas.force_code, areas.area_type, areas.area_code, listed.measure, categories.category
        ) as series_no,
        areas.force_code, areas.area_type, areas.area_code, listed.measure, categories.category, listed.coverage, listed.aggregation
    from listed
    inner join categories on listed.measure = categories.measure
    inner join areas on categories.force_code = areas.force_code
    where listed.aggregation not in ('rate', 'share', 'published')
),

-- Rates and shares have numbers below zero.
rates as (
    select
        -row_number() over (
            order by above.force_code, above.area_type, above.area_code, listed.measure, above.category
        ) as series_no,
        above.force_code, above.area_type, above.area_code, listed.measure, above.category,
        listed.aggregation,
        above.series_no as n_series_no,
        below.series_no as d_series_no
    from listed
    inner join series as above on listed.numerator = above.measure
    inner join series as below
        on listed.denominator = below.measure
        and above.force_code = below.force_code
        and above.area_type = below.area_type
        and above.area_code = below.area_code
        and below.category = coalesce(listed.denominator_category, above.category)
    where listed.aggregation in ('rate', 'share')
        and (listed.category_group is not null or listed.split_by is not null or above.category = 'all')
        and (listed.aggregation <> 'share' or above.category <> 'all')
),

-- Categories and units have a coverage of their own if some file lacks the column for them.
published_series as (
    select
        every_series.series_no, every_series.force_code, every_series.area_type, every_series.area_code, areas.area_name,
        every_series.measure, every_series.category, every_series.aggregation, listed.unit,
        coalesce(
            units.area_coverage,
            case when every_series.category <> 'all' then listed.category_coverage end,
            listed.coverage
        ) as coverage
    from (
        select series_no, force_code, area_type, area_code, measure, category, aggregation from series
        union all
        select series_no, force_code, area_type, area_code, measure, category, aggregation from rates
    ) as every_series
    inner join listed on every_series.measure = listed.measure
    inner join areas
        on every_series.force_code = areas.force_code
        and every_series.area_type = areas.area_type
        and every_series.area_code = areas.area_code
    left join {{ ref('area_coverages') }} as units
        on every_series.force_code = units.force_code
        and coalesce(case when every_series.category <> 'all' then listed.category_coverage end, listed.coverage) = units.coverage
        and {{ is_unit('every_series') }}
    where listed.is_published
),

spine as (
    select months.*, rebuilt.from_month_no
    from {{ ref('coverage_months') }} as months
    inner join rebuilt on months.force_code = rebuilt.force_code
),

first_months as (
    select force_code, coverage, min(month_no) as first_month_no, max(from_month_no) as from_month_no
    from spine group by force_code, coverage
),

-- A stock's first figure includes its rows from before the first month.
amounts as (
    select
        series.series_no,
        case
            when series.aggregation = 'stock' then greatest(with_all.month_no, first_months.first_month_no)
            else with_all.month_no
        end as month_no,
        sum(with_all.amount) as amount
    from with_all
    inner join series
        on with_all.force_code = series.force_code
        and with_all.area_type = series.area_type
        and with_all.area_code = series.area_code
        and with_all.measure = series.measure
        and with_all.category = series.category
    inner join first_months
        on series.force_code = first_months.force_code
        and series.coverage = first_months.coverage
        and (series.aggregation = 'stock' or with_all.month_no >= first_months.from_month_no - 23)
    group by 1, 2
),

dense as (
    select
        series.series_no, series.aggregation,
        spine.month_no, spine.calendar_year, spine.financial_year, spine.from_month_no,
        case when series.aggregation = 'last' then amounts.amount else coalesce(amounts.amount, 0) end as amount
    from series
    inner join spine
        on series.force_code = spine.force_code
        and series.coverage = spine.coverage
        and (series.aggregation = 'stock' or spine.month_no >= spine.from_month_no - 23)
        and (series.area_type = 'force' or spine.has_areas)
    left join amounts
        on series.series_no = amounts.series_no
        and spine.month_no = amounts.month_no
),

{%- set to_month = 'order by month_no rows between unbounded preceding and current row' %}
{%- set twelve_months = 'order by month_no rows between 11 preceding and current row' %}
to_month_end as (
    select
        series_no, month_no, from_month_no, aggregation,
        case
            when aggregation = 'stock' then sum(amount) over (partition by series_no {{ to_month }})
            else amount
        end as in_month,
        case
            when aggregation = 'last' then {{ last_known('amount') }} over (partition by series_no {{ twelve_months }})
            else sum(amount) over (partition by series_no {{ twelve_months }})
        end as in_rolling
        {%- for year in ['calendar', 'financial'] %},
        case
            when aggregation = 'last'
                then {{ last_known('amount') }} over (partition by series_no, {{ year }}_year {{ to_month }})
            else sum(amount) over (partition by series_no, {{ year }}_year {{ to_month }})
        end as in_{{ year }}
        {%- endfor %}
    from dense
),

figures as (
    select
        series_no, month_no,
        in_month,
        {%- for window in windows[1:] %}
        case when aggregation = 'stock' then in_month else in_{{ window }} end as in_{{ window }}{{ ',' if not loop.last }}
        {%- endfor %}
    from to_month_end
    where month_no >= from_month_no - 12
),

-- Every series with its denominator, if it is a rate or share.
measured as (
    select
        series_no, month_no
        {%- for window in windows %},
        in_{{ window }} as n_{{ window }},
        cast(null as decimal(38, 10)) as d_{{ window }}
        {%- endfor %}
    from figures
    union all
    select
        rates.series_no, above.month_no
        {%- for window in windows %},
        above.in_{{ window }} as n_{{ window }},
        below.in_{{ window }} as d_{{ window }}
        {%- endfor %}
    from rates
    inner join figures as above on rates.n_series_no = above.series_no
    inner join figures as below
        on rates.d_series_no = below.series_no
        and above.month_no = below.month_no
),

compared as (
    select
        *
        {%- for window in windows %},
        lag(n_{{ window }}, 12) over (partition by series_no order by month_no) as prior_n_{{ window }},
        lag(d_{{ window }}, 12) over (partition by series_no order by month_no) as prior_d_{{ window }}
        {%- endfor %}
    from measured
),

by_period as (
    select
        own.*,
        periods.period_type, periods.period_start, periods.period_end, periods.period_label,
        case when own.aggregation in ('stock', 'last') then periods.end_status else periods.data_status end as data_status,
        case when own.aggregation in ('stock', 'last') then periods.prior_end_status else periods.prior_status end as prior_status
        {%- for side in ['n', 'd', 'prior_n', 'prior_d'] %},
        case periods.period_type
            when 'month' then compared.{{ side }}_month
            when 'rolling_12_months' then compared.{{ side }}_rolling
            when 'calendar_year' then compared.{{ side }}_calendar
            when 'calendar_year_to_date' then compared.{{ side }}_calendar
            else compared.{{ side }}_financial
        end as {{ side }}
        {%- endfor %}
    from compared
    inner join published_series as own on compared.series_no = own.series_no
    inner join rebuilt on own.force_code = rebuilt.force_code and compared.month_no >= rebuilt.from_month_no
    inner join {{ ref('periods') }} as periods
        on own.force_code = periods.force_code
        and own.coverage = periods.coverage
        and compared.month_no = periods.month_no
),

valued as (
    select
        *,
        {{ figure_from('n', 'd', 'data_status') }} as value,
        {{ figure_from('prior_n', 'prior_d', 'prior_status') }} as prior_value
    from by_period
)

select
    force_code, area_type, area_code, area_name, measure, category, period_type, period_start, period_end, period_label,
    value,
    unit,
    case when aggregation in ('rate', 'share') and data_status <> 'not_available' then cast(n as decimal(28, 10)) end as numerator,
    case when aggregation in ('rate', 'share') and data_status <> 'not_available' then cast(d as decimal(28, 10)) end as denominator,
    prior_value,
    {{ change('valued', 'valued.unit') }},
    data_status
from valued
{% endmacro %}

{#- Whether a figure is of a section or a unit, which needs files with units. `Not recorded` is not one. -#}
{% macro is_unit(figure) -%}
({{ figure }}.area_type = 'section' or ({{ figure }}.area_type = 'lpu' and {{ figure }}.area_code <> 'unknown'))
{%- endmacro %}

{#- A figure from its sums over a period: a rate or share from both, any other from the first. -#}
{% macro figure_from(n, d, status) -%}
case
            when coalesce({{ status }}, 'not_available') = 'not_available' then null
            when aggregation in ('rate', 'share') then {{ percent_of(n, d) }}
            else cast({{ n }} as decimal(28, 10))
        end
{%- endmacro %}

{#- 100 * n / d to ten places; null if d is zero. By way of a double, because the engines round decimals differently. -#}
{% macro percent_of(n, d) -%}
{{ ten_places('100 * cast(' ~ n ~ ' as double) / nullif(cast(' ~ d ~ ' as double), 0)') }}
{%- endmacro %}

{#- The two columns of change from the year before, only between two complete periods. -#}
{% macro change(relation, unit) -%}
case when {{ relation }}.data_status = 'complete' and {{ relation }}.prior_status = 'complete'
        then cast({{ relation }}.value - {{ relation }}.prior_value as decimal(28, 10)) end as volume_change,
    case when {{ relation }}.data_status = 'complete' and {{ relation }}.prior_status = 'complete' and {{ unit }} <> 'percent'
        then {{ percent_of(relation ~ '.value - ' ~ relation ~ '.prior_value', relation ~ '.prior_value') }} end as pct_change
{%- endmacro %}
