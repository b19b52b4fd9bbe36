-- What the gate's suites ask of a mart: how many figures break each rule, for every measure. Measures without figures have a
-- row of zeros, so that a suite always has something to judge.
{%- set place = 'figures.mart, figures.force_code, figures.measure' %}
{%- set period = 'figures.period_type, figures.period_start, figures.period_end' %}
with figures as (
    select
        measures.*,
        listed.aggregation,
        listed.coverage,
        case when listed.aggregation in ('stock', 'last') then measures.period_end else measures.period_start end as asked_from
    from {{ ref('measures') }} as measures
    inner join {{ ref('measure_list') }} as listed
        on measures.mart = listed.mart
        and measures.measure = listed.measure
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

by_year as (
    select
        {{ place }},
        sum(case when figures.period_type = 'month' then figures.value end) as months_value,
        sum(case when figures.period_type <> 'month' then figures.value end) as year_value,
        sum(case when figures.period_type <> 'month' then 1 else 0 end) as years
    from figures
    where figures.aggregation = 'sum' and figures.period_type in ('month', 'calendar_year')
    group by {{ place }}, figures.area_type, figures.area_code, figures.category, year(figures.period_end)
    union all
    select
        {{ place }},
        sum(case when figures.period_type = 'month' then figures.value end) as months_value,
        sum(case when figures.period_type <> 'month' then figures.value end) as year_value,
        sum(case when figures.period_type <> 'month' then 1 else 0 end) as years
    from figures
    where figures.aggregation = 'sum' and figures.period_type in ('month', 'financial_year')
    group by {{ place }}, figures.area_type, figures.area_code, figures.category, {{ financial_year('figures.period_end') }}
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
        {{ place }},
        figures.value,
        figures.data_status,
        figures.aggregation,
        figures.denominator,
        case when covered_spans.coverage is null then 0 else 1 end as is_covered
    from figures
    left join covered_spans
        on figures.coverage = covered_spans.coverage
        and figures.force_code = covered_spans.force_code
        and figures.asked_from = covered_spans.asked_from
        and figures.period_end = covered_spans.period_end
    where figures.aggregation <> 'published'
),

-- Every measure has a figure of the force for every period of its coverage. Shares have only those of their categories, and
-- what is published elsewhere only what was published.
absent as (
    select listed.mart, periods.force_code, listed.measure, count(*) as n
    from {{ ref('measure_list') }} as listed
    inner join {{ ref('periods') }} as periods on listed.coverage = periods.coverage
    left join figures
        on listed.mart = figures.mart
        and listed.measure = figures.measure
        and periods.force_code = figures.force_code
        and periods.period_type = figures.period_type
        and periods.period_end = figures.period_end
        and figures.area_type = 'force'
        and figures.category = 'all'
    where listed.is_published and listed.aggregation not in ('share', 'published') and figures.mart is null
    group by listed.mart, periods.force_code, listed.measure
),

found as (
    select mart, force_code, measure, 'no_value_in_coverage' as rule, n from absent
    union all
    select mart, force_code, measure, 'repeated_rows' as rule, n from repeated
    union all
    select mart, force_code, measure, 'all_not_its_categories' as rule, 1 as n from by_category
    where categories > 0 and coalesce(whole, 0) <> coalesce(parts, 0)
    union all
    select mart, force_code, measure, 'force_not_its_units' as rule, 1 as n from by_area
    where units > 0 and coalesce(force_value, 0) <> coalesce(units_value, 0)
    union all
    select mart, force_code, measure, 'sections_not_the_rest' as rule, 1 as n from by_area
    where sections > 0 and coalesce(sections_value, 0) <> coalesce(force_value, 0) - coalesce(unplaced_value, 0)
    union all
    select mart, force_code, measure, 'year_not_its_months' as rule, 1 as n from by_year
    where years > 0 and coalesce(months_value, 0) <> coalesce(year_value, 0)
    union all
    select mart, force_code, measure, 'percent_out_of_range' as rule, 1 as n from figures
    where unit = 'percent' and (value < 0 or value > 100)
    union all
    select mart, force_code, measure, 'numerator_over_denominator' as rule, 1 as n from figures
    where numerator > denominator
    union all
    select mart, force_code, measure, 'rate_not_its_parts' as rule, 1 as n from figures
    where unit = 'percent' and denominator > 0
        and abs(coalesce(value, -1) - {{ percent_of('numerator', 'denominator') }}) > 0.00000001
    union all
    select mart, force_code, measure, 'value_without_coverage' as rule, 1 as n from in_coverage
    where is_covered = 0 and (value is not null or data_status <> 'not_available')
    union all
    select mart, force_code, measure, 'no_value_in_coverage' as rule, 1 as n from in_coverage
    where
        is_covered = 1
        and (
            data_status = 'not_available'
            or (value is null and aggregation in ('sum', 'stock'))
            or (value is null and aggregation in ('rate', 'share') and denominator <> 0)
        )
    union all
    select mart, force_code, measure, 'change_not_the_difference' as rule, 1 as n from figures
    where volume_change <> value - prior_value
        or (data_status <> 'complete' and (volume_change is not null or pct_change is not null))
        or (unit = 'percent' and pct_change is not null)
        or (prior_value is null and (volume_change is not null or pct_change is not null))
    union all
    select mart, force_code, measure, 'count_not_whole' as rule, 1 as n from figures
    where unit = 'count' and aggregation <> 'published' and (value < 0 or value <> floor(value))
),

sizes as (
    select mart, force_code, measure, sum(n) as figures
    from (
        select mart, force_code, measure, 1 as n from figures
        union all
        select mart, force_code, measure, 0 as n from absent
    ) as counted
    group by mart, force_code, measure
)

select
    listed.mart,
    listed.measure,
    sizes.force_code,
    {%- for rule in [
        'repeated_rows', 'all_not_its_categories', 'force_not_its_units', 'sections_not_the_rest', 'year_not_its_months',
        'percent_out_of_range', 'numerator_over_denominator', 'rate_not_its_parts', 'value_without_coverage',
        'no_value_in_coverage', 'change_not_the_difference', 'count_not_whole',
    ] %}
    cast(sum(case when found.rule = '{{ rule }}' then found.n else 0 end) as bigint) as {{ rule }},
    {%- endfor %}
    cast(coalesce(max(sizes.figures), 0) as bigint) as figures
from {{ ref('measure_list') }} as listed
left join sizes
    on listed.mart = sizes.mart
    and listed.measure = sizes.measure
left join found
    on sizes.mart = found.mart
    and sizes.force_code = found.force_code
    and sizes.measure = found.measure
where listed.is_published
group by listed.mart, listed.measure, sizes.force_code
