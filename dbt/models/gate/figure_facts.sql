{{ config(materialized='night_months', meta={'rebuilds': 'facts', 'mart_by_mart': true}) }}
-- How many figures break each rule, by the month in which their period ends. Only figures that are made again (`figures_to_rebuild`) are
-- counted; the counts of earlier months stay.
{%- set place = 'mart, force_code, measure' %}
{%- set period = 'period_type, period_start, period_end' %}
{%- set figure = place ~ ', area_type, area_code, category, ' ~ period %}
{%- set month = month_no('measures.period_end') %}
{%- set is_rebuilt %}
    inner join {{ ref('measure_list') }} as listed
        on measures.mart = listed.mart
        and measures.measure = listed.measure
    inner join {{ rebuilt_in_current_mart() }} as rebuilt
        on measures.mart = rebuilt.mart
        and measures.force_code = rebuilt.force_code
        and {{ month }} >= rebuilt.from_month_no
{%- endset %}
-- A year is compared with its months, up to eleven of which may be before the first figure made again. With tens of millions of
-- figures each column costs memory: only those for rules about several figures.
with compared as (
    select
        measures.mart, measures.force_code, measures.measure, measures.area_type, measures.area_code, measures.category,
        measures.period_type, measures.period_start, measures.period_end, measures.value,
        {{ month }} as month_no,
        rebuilt.from_month_no,
        listed.aggregation
    from {{ ref('measures') }} as measures
    {{- is_rebuilt }} - 11
),

figures as (
    select * from compared
    where month_no >= from_month_no
),

-- Repeats are rare: only figures with an equal hash are compared in full.
same_hash as (
    select {{ hash_of(figure) }} as figure_hash
    from figures
    group by {{ hash_of(figure) }}
    having count(*) > 1
),

repeated as (
    select {{ place }}, {{ month_no('period_end') }} as month_no, count(*) - 1 as n
    from figures
    inner join same_hash on {{ hash_of(figure) }} = same_hash.figure_hash
    group by {{ figure }}
    having count(*) > 1
),

-- If a file lacks the column that splits a measure, its categories do not add up to all.
unsplit as (
    select distinct listed.mart, gaps.force_code, listed.measure
    from {{ ref('measure_list') }} as listed
    inner join {{ ref('coverage_gaps') }} as gaps on listed.category_coverage = gaps.coverage
),

split as (
    select figures.*
    from figures
    left join unsplit
        on figures.mart = unsplit.mart
        and figures.force_code = unsplit.force_code
        and figures.measure = unsplit.measure
    where unsplit.mart is null
),

not_their_categories as (
    select {{ place }}, {{ month_no('period_end') }} as month_no
    from split
    where aggregation in ('sum', 'stock')
    group by {{ place }}, area_type, area_code, {{ period }}
    having
        sum(case when category = 'all' then value when category <> 'all' then -value end) <> 0
        and max(case when category <> 'all' then 1 else 0 end) = 1
),

by_area as (
    select
        {{ place }},
        {{ month_no('period_end') }} as month_no,
        sum(case when area_type = 'force' then value end) as force_value,
        sum(case when area_type in ('lpu', 'district') then value end) as units_value,
        sum(case when area_type = 'section' then value end) as sections_value,
        sum(case when area_type = 'lpu' and area_code = 'unknown' then value end) as unplaced_value,
        sum(case when area_type in ('lpu', 'district') then 1 else 0 end) as units,
        sum(case when area_type = 'section' then 1 else 0 end) as sections
    from figures
    where aggregation in ('sum', 'stock')
    group by {{ place }}, category, {{ period }}
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
        {{ place }}, max(month_no) as month_no, max(from_month_no) as from_month_no,
        sum(case when period_type = 'month' then value end) as months_value,
        sum(case when period_type <> 'month' then value end) as year_value,
        max(case when period_type <> 'month' then month_no end) as year_month_no
    from compared
    where aggregation = 'sum' and period_type in ('month', '{{ kind }}_year')
    group by
        {{ place }}, area_type, area_code, category,
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

judged as (
    select
        measures.mart, measures.force_code, measures.measure, measures.period_end,
        coalesce(
            areas.area_coverage,
            case when measures.category <> 'all' then listed.category_coverage end,
            listed.coverage
        ) as coverage,
        case when listed.aggregation in ('stock', 'last') then measures.period_end else measures.period_start end as span_from,
        measures.unit = 'percent' and (measures.value < 0 or measures.value > 100) as percent_out_of_range,
        measures.numerator > measures.denominator as numerator_over_denominator,
        measures.unit = 'percent' and measures.denominator > 0
        and abs(coalesce(measures.value, -1) - {{ percent_of('measures.numerator', 'measures.denominator') }}) > 0.00000001
            as rate_not_its_parts,
        -- Where the days are not covered, and where they are.
        listed.aggregation <> 'published'
        and (measures.value is not null or measures.data_status <> 'not_available') as value_without_coverage,
        listed.aggregation <> 'published'
        and (
            measures.data_status = 'not_available'
            or (measures.value is null and listed.aggregation in ('sum', 'stock'))
            or (measures.value is null and listed.aggregation in ('rate', 'share') and measures.denominator <> 0)
        ) as no_value_in_coverage,
        measures.volume_change <> measures.value - measures.prior_value
        or (measures.data_status <> 'complete' and (measures.volume_change is not null or measures.pct_change is not null))
        or (measures.unit = 'percent' and measures.pct_change is not null)
        or (
            measures.prior_value is null and (measures.volume_change is not null or measures.pct_change is not null)
        ) as change_not_the_difference,
        measures.unit = 'count' and listed.aggregation <> 'published'
        and (measures.value < 0 or measures.value <> floor(measures.value)) as count_not_whole
    from {{ ref('measures') }} as measures
    {{- is_rebuilt }}
    left join {{ ref('area_coverages') }} as areas
        on measures.force_code = areas.force_code
        and coalesce(case when measures.category <> 'all' then listed.category_coverage end, listed.coverage) = areas.coverage
        and {{ is_unit('measures') }}
),

-- There are few spans of days and many figures: coverage is looked up once for all figures of a span.
by_span as (
    select
        {{ place }}, coverage, span_from, period_end,
        {%- for rule in gate_figure_rules('one by one') %}
        sum(case when {{ rule }} then 1 else 0 end) as {{ rule }},
        {%- endfor %}
        count(*) as figures
    from judged
    group by {{ place }}, coverage, span_from, period_end
),

spans as (
    select distinct coverage, force_code, span_from, period_end
    from by_span
),

covered_spans as (
    select distinct spans.coverage, spans.force_code, spans.span_from, spans.period_end
    from spans
    inner join {{ ref('coverage_windows') }} as windows
        on spans.coverage = windows.coverage
        and spans.force_code = windows.force_code
        and spans.period_end >= windows.covered_from
        and spans.span_from <= windows.covered_to
),

one_by_one as (
    select
        by_span.mart, by_span.force_code, by_span.measure, {{ month_no('by_span.period_end') }} as month_no,
        {%- for rule in gate_figure_rules('together') %}
        0 as {{ rule }},
        {%- endfor %}
        {%- for rule in gate_figure_rules('one by one') %}
        {%- set where = {'value_without_coverage': 'is null', 'no_value_in_coverage': 'is not null'}.get(rule) %}
        {%- if where %}
        case when covered_spans.coverage {{ where }} then by_span.{{ rule }} else 0 end as {{ rule }},
        {%- else %}
        by_span.{{ rule }},
        {%- endif %}
        {%- endfor %}
        by_span.figures
    from by_span
    left join covered_spans
        on by_span.coverage = covered_spans.coverage
        and by_span.force_code = covered_spans.force_code
        and by_span.span_from = covered_spans.span_from
        and by_span.period_end = covered_spans.period_end
),

-- Every measure must have a figure of the force for every period of its coverage. Shares have figures for categories only, and
-- published indicators only what was published.
absent as (
    select listed.mart, periods.force_code, listed.measure, periods.month_no
    from {{ ref('measure_list') }} as listed
    inner join {{ ref('periods') }} as periods on listed.coverage = periods.coverage
    inner join {{ rebuilt_in_current_mart() }} as rebuilt
        on listed.mart = rebuilt.mart
        and periods.force_code = rebuilt.force_code
        and periods.month_no >= rebuilt.from_month_no
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
    {%- for rule in gate_figure_rules() %}
    cast(sum({{ rule }}) as bigint) as {{ rule }},
    {%- endfor %}
    cast(sum(figures) as bigint) as figures
from counted
group by mart, force_code, measure, month_no
