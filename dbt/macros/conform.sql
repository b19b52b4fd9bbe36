{#- Makes a mart from a subject's monthly sums: every area, category and covered period, with its status and the same period a
    year earlier. The one place where months become periods.

    A dense row for each month of each series (force, area, measure, category) goes through one pass of window functions, which
    make the sums to each month's end. `periods` then says which of them are rows, with label and status. A rate is made from
    the sums of its numerator and denominator, never from other rates.

    Only figures from the first month that changes (`figures_to_rebuild`) are made. They need 23 earlier months: the year before,
    and the year to its first month. A stock needs all. -#}
{% macro conform(mart, monthly, districts=false) %}
{%- set windows = ['month', 'rolling', 'calendar', 'financial'] -%}
{%- set series = ['force_code', 'coverage', 'area_type', 'area_code', 'measure', 'category'] -%}
with monthly as (
    select * from {{ monthly }}
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
        with_all.force_code, with_all.area_type, with_all.area_code, with_all.measure, with_all.category,
        case
            when listed.aggregation = 'stock' then greatest(with_all.month_no, first_months.first_month_no)
            else with_all.month_no
        end as month_no,
        sum(with_all.amount) as amount
    from with_all
    inner join listed on with_all.measure = listed.measure
    inner join first_months
        on with_all.force_code = first_months.force_code
        and listed.coverage = first_months.coverage
        and (listed.aggregation = 'stock' or with_all.month_no >= first_months.from_month_no - 23)
    group by 1, 2, 3, 4, 5, 6
),

dense as (
    select
        spine.force_code, spine.coverage, areas.area_type, areas.area_code, listed.measure, categories.category,
        spine.month_no, spine.calendar_year, spine.financial_year, spine.from_month_no,
        listed.aggregation,
        case when listed.aggregation = 'last' then amounts.amount else coalesce(amounts.amount, 0) end as amount
    from listed
    inner join spine
        on listed.coverage = spine.coverage
        and (listed.aggregation = 'stock' or spine.month_no >= spine.from_month_no - 23)
    inner join areas
        on spine.force_code = areas.force_code
        and (areas.area_type = 'force' or spine.has_areas)
    inner join categories on spine.force_code = categories.force_code and listed.measure = categories.measure
    left join amounts
        on spine.force_code = amounts.force_code
        and areas.area_type = amounts.area_type
        and areas.area_code = amounts.area_code
        and listed.measure = amounts.measure
        and categories.category = amounts.category
        and spine.month_no = amounts.month_no
    where listed.aggregation not in ('rate', 'share', 'published')
),

{%- set by = series | join(', ') %}
{%- set to_month = 'order by month_no rows between unbounded preceding and current row' %}
{%- set twelve_months = 'order by month_no rows between 11 preceding and current row' %}
to_month_end as (
    select
        {{ by }}, month_no, from_month_no, aggregation,
        case
            when aggregation = 'stock' then sum(amount) over (partition by {{ by }} {{ to_month }})
            else amount
        end as in_month,
        case
            when aggregation = 'last' then {{ last_known('amount') }} over (partition by {{ by }} {{ twelve_months }})
            else sum(amount) over (partition by {{ by }} {{ twelve_months }})
        end as in_rolling
        {%- for year in ['calendar', 'financial'] %},
        case
            when aggregation = 'last'
                then {{ last_known('amount') }} over (partition by {{ by }}, {{ year }}_year {{ to_month }})
            else sum(amount) over (partition by {{ by }}, {{ year }}_year {{ to_month }})
        end as in_{{ year }}
        {%- endfor %}
    from dense
),

figures as (
    select
        {{ by }}, month_no, aggregation,
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
        {{ by }}, month_no, aggregation
        {%- for window in windows %},
        in_{{ window }} as n_{{ window }},
        cast(null as decimal(38, 10)) as d_{{ window }}
        {%- endfor %}
    from figures
    union all
    select
        above.force_code, listed.coverage, above.area_type, above.area_code, listed.measure, above.category, above.month_no,
        listed.aggregation
        {%- for window in windows %},
        above.in_{{ window }} as n_{{ window }},
        below.in_{{ window }} as d_{{ window }}
        {%- endfor %}
    from listed
    inner join figures as above on listed.numerator = above.measure
    inner join figures as below
        on listed.denominator = below.measure
        and above.force_code = below.force_code
        and above.area_type = below.area_type
        and above.area_code = below.area_code
        and above.month_no = below.month_no
        and below.category = coalesce(listed.denominator_category, above.category)
    where listed.aggregation in ('rate', 'share')
        and (listed.category_group is not null or listed.split_by is not null or above.category = 'all')
        and (listed.aggregation <> 'share' or above.category <> 'all')
),

compared as (
    select
        *
        {%- for window in windows %},
        lag(n_{{ window }}, 12) over (partition by {{ by }} order by month_no) as prior_n_{{ window }},
        lag(d_{{ window }}, 12) over (partition by {{ by }} order by month_no) as prior_d_{{ window }}
        {%- endfor %}
    from measured
),

-- Categories and units have a coverage of their own if some file lacks the column for them.
measure_coverages as (
    select measure, false as of_category, coverage from listed
    union all
    select measure, true as of_category, coalesce(category_coverage, coverage) as coverage from listed
),

by_period as (
    select
        compared.force_code, compared.area_type, compared.area_code, compared.measure, compared.category, compared.aggregation,
        periods.period_type, periods.period_start, periods.period_end, periods.period_label,
        case when compared.aggregation in ('stock', 'last') then periods.end_status else periods.data_status end as data_status,
        case when compared.aggregation in ('stock', 'last') then periods.prior_end_status else periods.prior_status end as prior_status
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
    inner join rebuilt on compared.force_code = rebuilt.force_code and compared.month_no >= rebuilt.from_month_no
    inner join measure_coverages
        on compared.measure = measure_coverages.measure
        and measure_coverages.of_category = (compared.category <> 'all')
    left join {{ ref('area_coverages') }} as areas
        on compared.force_code = areas.force_code
        and measure_coverages.coverage = areas.coverage
        and {{ is_unit('compared') }}
    inner join {{ ref('periods') }} as periods
        on compared.force_code = periods.force_code
        and coalesce(areas.area_coverage, measure_coverages.coverage) = periods.coverage
        and compared.month_no = periods.month_no
),

valued as (
    select
        *,
        case
            when data_status = 'not_available' then null
            when aggregation in ('rate', 'share') then {{ percent_of('n', 'd') }}
            else cast(n as decimal(28, 10))
        end as value,
        case
            when prior_status is null or prior_status = 'not_available' then null
            when aggregation in ('rate', 'share') then {{ percent_of('prior_n', 'prior_d') }}
            else cast(prior_n as decimal(28, 10))
        end as prior_value
    from by_period
)

select
    valued.force_code, valued.area_type, valued.area_code, areas.area_name, valued.measure, valued.category,
    valued.period_type, valued.period_start, valued.period_end, valued.period_label,
    valued.value,
    listed.unit,
    case
        when valued.aggregation in ('rate', 'share') and valued.data_status <> 'not_available'
            then cast(valued.n as decimal(28, 10))
    end as numerator,
    case
        when valued.aggregation in ('rate', 'share') and valued.data_status <> 'not_available'
            then cast(valued.d as decimal(28, 10))
    end as denominator,
    valued.prior_value,
    {{ change('valued', 'listed.unit') }},
    valued.data_status
from valued
inner join listed on valued.measure = listed.measure
inner join areas
    on valued.force_code = areas.force_code
    and valued.area_type = areas.area_type
    and valued.area_code = areas.area_code
where listed.is_published
{% endmacro %}

{#- Whether a figure is of a section or a unit, which needs files with units. `Not recorded` is not one. -#}
{% macro is_unit(figure) -%}
({{ figure }}.area_type = 'section' or ({{ figure }}.area_type = 'lpu' and {{ figure }}.area_code <> 'unknown'))
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
