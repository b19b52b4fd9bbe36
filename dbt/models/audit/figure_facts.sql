{{ config(materialized='table', meta={'due': 'facts'}) }}
-- How many figures break each rule, by the month in which their period ends. Only months whose figures are due are counted
-- (`figures_due`); those before stand.
{%- set place = 'figures.mart, figures.force_code, figures.measure, figures.month_no' %}
{%- set period = 'figures.period_type, figures.period_start, figures.period_end' %}
-- A year is held against its months, which may be from before what is due.
with looked_at as (
    select
        measures.*,
        listed.aggregation,
        listed.coverage,
        {{ month_no('measures.period_end') }} as month_no,
        due.from_month_no,
        case when listed.aggregation in ('stock', 'last') then measures.period_end else measures.period_start end as asked_from
    from {{ ref('measures') }} as measures
    inner join {{ ref('measure_list') }} as listed
        on measures.mart = listed.mart
        and measures.measure = listed.measure
    inner join {{ ref('figures_due') }} as due
        on measures.mart = due.mart
        and measures.force_code = due.force_code
        and {{ month_no('measures.period_end') }} >= due.from_month_no - 11
),

figures as (
    select * from looked_at
    where month_no >= from_month_no
),

repeated as (
    select {{ place }}, count(*) - 1 as n
    from figures
    group by {{ place }}, figures.area_type, figures.area_code, figures.category, {{ period }}
    having count(*) > 1
),

by_category as (
    select
        {{ place }},
        sum(case when figures.category = 'all' then figures.value end) as whole,
        sum(case when figures.category <> 'all' then figures.value end) as parts,
        sum(case when figures.category <> 'all' then 1 else 0 end) as categories
    from figures
    where figures.aggregation in ('sum', 'stock')
    group by {{ place }}, figures.area_type, figures.area_code, {{ period }}
),

not_their_categories as (
    select * from by_category
    where categories > 0 and coalesce(whole, 0) <> coalesce(parts, 0)
),

by_area as (
    select
        {{ place }},
        sum(case when figures.area_type = 'force' then figures.value end) as force_value,
        sum(case when figures.area_type in ('lpu', 'district') then figures.value end) as units_value,
        sum(case when figures.area_type = 'section' then figures.value end) as sections_value,
        sum(case when figures.area_type = 'lpu' and figures.area_code = 'unknown' then figures.value end) as unplaced_value,
        sum(case when figures.area_type in ('lpu', 'district') then 1 else 0 end) as units,
        sum(case when figures.area_type = 'section' then 1 else 0 end) as sections
    from figures
    where figures.aggregation in ('sum', 'stock')
    group by {{ place }}, figures.category, {{ period }}
),

not_their_units as (
    select * from by_area
    where units > 0 and coalesce(force_value, 0) <> coalesce(units_value, 0)
),

not_their_sections as (
    select * from by_area
    where sections > 0 and coalesce(sections_value, 0) <> coalesce(force_value, 0) - coalesce(unplaced_value, 0)
),

by_year as (
    {%- for kind in ['calendar', 'financial'] %}
    select
        mart, force_code, measure, max(month_no) as month_no, max(from_month_no) as from_month_no,
        sum(case when period_type = 'month' then value end) as months_value,
        sum(case when period_type <> 'month' then value end) as year_value,
        max(case when period_type <> 'month' then month_no end) as year_month_no
    from looked_at
    where aggregation = 'sum' and period_type in ('month', '{{ kind }}_year')
    group by
        mart, force_code, measure, area_type, area_code, category,
        {{ 'year(period_end)' if kind == 'calendar' else financial_year('period_end') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

not_their_months as (
    select * from by_year
    where year_month_no >= from_month_no and coalesce(months_value, 0) <> coalesce(year_value, 0)
),

-- Periods are few and figures many: a period's coverage is asked once.
spans as (
    select distinct coverage, force_code, asked_from, period_end
    from figures
),

covered_spans as (
    select distinct spans.coverage, spans.force_code, spans.asked_from, spans.period_end
    from spans
    inner join {{ ref('coverage_windows') }} as windows
        on spans.coverage = windows.coverage
        and spans.force_code = windows.force_code
        and spans.period_end >= windows.covered_from
        and spans.asked_from <= windows.covered_to
),

in_coverage as (
    select
        figures.*,
        case when covered_spans.coverage is null then 0 else 1 end as is_covered
    from figures
    left join covered_spans
        on figures.coverage = covered_spans.coverage
        and figures.force_code = covered_spans.force_code
        and figures.asked_from = covered_spans.asked_from
        and figures.period_end = covered_spans.period_end
),

judged as (
    select
        mart, force_code, measure, month_no,
        unit = 'percent' and (value < 0 or value > 100) as percent_out_of_range,
        numerator > denominator as numerator_over_denominator,
        unit = 'percent' and denominator > 0
        and abs(coalesce(value, -1) - {{ percent_of('numerator', 'denominator') }}) > 0.00000001 as rate_not_its_parts,
        aggregation <> 'published' and is_covered = 0
        and (value is not null or data_status <> 'not_available') as value_without_coverage,
        aggregation <> 'published' and is_covered = 1
        and (
            data_status = 'not_available'
            or (value is null and aggregation in ('sum', 'stock'))
            or (value is null and aggregation in ('rate', 'share') and denominator <> 0)
        ) as no_value_in_coverage,
        volume_change <> value - prior_value
        or (data_status <> 'complete' and (volume_change is not null or pct_change is not null))
        or (unit = 'percent' and pct_change is not null)
        or (prior_value is null and (volume_change is not null or pct_change is not null)) as change_not_the_difference,
        unit = 'count' and aggregation <> 'published' and (value < 0 or value <> floor(value)) as count_not_whole
    from in_coverage
),

one_by_one as (
    select
        mart, force_code, measure, month_no,
        {%- for rule in figure_rules('together') %}
        0 as {{ rule }},
        {%- endfor %}
        {%- for rule in figure_rules('one by one') %}
        sum(case when {{ rule }} then 1 else 0 end) as {{ rule }},
        {%- endfor %}
        count(*) as figures
    from judged
    group by mart, force_code, measure, month_no
),

-- Every measure has a figure of the force for every period of its coverage. Shares have only those of their categories, and
-- what is published elsewhere only what was published.
absent as (
    select listed.mart, periods.force_code, listed.measure, periods.month_no
    from {{ ref('measure_list') }} as listed
    inner join {{ ref('periods') }} as periods on listed.coverage = periods.coverage
    inner join {{ ref('figures_due') }} as due
        on listed.mart = due.mart
        and periods.force_code = due.force_code
        and periods.month_no >= due.from_month_no
    left join figures
        on listed.mart = figures.mart
        and listed.measure = figures.measure
        and periods.force_code = figures.force_code
        and periods.period_type = figures.period_type
        and periods.period_end = figures.period_end
        and figures.area_type = 'force'
        and figures.category = 'all'
    where listed.is_published and listed.aggregation not in ('share', 'published') and figures.mart is null
),

counted as (
    select * from one_by_one
    union all
    select {{ breaks('no_value_in_coverage') }} from absent
    union all
    select {{ breaks('repeated_rows', 'n') }} from repeated
    union all
    select {{ breaks('all_not_its_categories') }} from not_their_categories
    union all
    select {{ breaks('force_not_its_units') }} from not_their_units
    union all
    select {{ breaks('sections_not_the_rest') }} from not_their_sections
    union all
    select {{ breaks('year_not_its_months') }} from not_their_months
)

select
    mart, force_code, measure,
    cast(month_no as int) as month_no,
    {%- for rule in figure_rules() %}
    cast(sum({{ rule }}) as bigint) as {{ rule }},
    {%- endfor %}
    cast(sum(figures) as bigint) as figures
from counted
group by mart, force_code, measure, month_no
