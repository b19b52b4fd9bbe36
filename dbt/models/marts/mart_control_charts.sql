{{ config(materialized='night_months', meta={'rebuilds': 'series'}) }}
-- XmR charts, as the R package NHSRplotthedots makes them by default (docs/reference/control-charts.md). A changed month changes the
-- mean of its whole series, so if any complete month of a mart and force changes, all of their series are made again. The constants
-- of the limits are in macros/chart_constants.sql, the months from which a chart starts again in seeds/rebases.csv, and which charts
-- are judged in words in dagster_project/core/charts_fit_to_judge.py.
--
-- Sums are of decimals, which are the same in any order; only quotients are doubles. A series is called by a number, as sorting by
-- six texts takes twice the time.
{%- set series = ['mart', 'force_code', 'area_type', 'area_code', 'measure', 'category'] %}
{%- set by_series = 'partition by ' ~ series | join(', ') %}
{%- set in_order = 'partition by series_no, base_no order by period_start' %}
{%- set limit = chart_constant('limit') ~ ' * moving_range' %}
{%- set near = chart_constant('near limit') ~ ' * moving_range' %}
with points as (
    select
        measures.mart, measures.force_code, measures.area_type, measures.area_code, measures.area_name, measures.measure,
        measures.category, measures.period_start, measures.period_end, measures.value, measures.unit
    from {{ ref('measures') }} as measures
    inner join {{ ref('figures_to_rebuild') }} as rebuilt
        on measures.mart = rebuilt.mart
        and measures.force_code = rebuilt.force_code
        and rebuilt.has_complete_months
    where measures.period_type = 'month' and measures.data_status = 'complete' and measures.value is not null
),

rebase_months as (
    select distinct {{ series | join(', ') }}, {{ month_no('rebase_on') }} as from_month_no
    from {{ source('raw', 'rebases') }}
),

rebased as (
    select
        *,
        row_number() over ({{ by_series }} order by from_month_no) as base_no,
        lead(from_month_no) over ({{ by_series }} order by from_month_no) as to_month_no
    from rebase_months
),

based as (
    select points.*, coalesce(rebased.base_no, 0) as base_no
    from points
    left join rebased
        on {% for column in series %}points.{{ column }} = rebased.{{ column }}
        and {% endfor %}{{ month_no('points.period_start') }} >= rebased.from_month_no
        and ({{ month_no('points.period_start') }} < rebased.to_month_no or rebased.to_month_no is null)
),

long_enough as (
    select {{ series | join(', ') }}, max(area_name) as area_name, max(unit) as unit
    from based
    group by {{ series | join(', ') }}
    having count(*) >= 12
),

numbered as (
    select *, row_number() over (order by {{ series | join(', ') }}) as series_no
    from long_enough
),

months as (
    select numbered.series_no, numbered.unit, based.base_no, based.period_start, based.period_end, based.value
    from based
    inner join numbered
        on {% for column in series %}based.{{ column }} = numbered.{{ column }}
        {% if not loop.last %}and {% endif %}{% endfor %}
),

-- Sums by series and part come by grouping, not by windows, each of which would sort all months again.
bases as (
    select
        series_no, base_no,
        sum(value) as total,
        cast(count(*) as decimal(8, 0)) as n,
        min(period_start) as baseline_start,
        max(period_end) as baseline_end
    from months
    group by series_no, base_no
),

stepped as (
    select *, lag(value) over ({{ in_order }}) as value_before
    from months
),

with_steps as (
    select
        stepped.*, bases.baseline_start, bases.baseline_end,
        cast(abs(stepped.value - stepped.value_before) as decimal(28, 10)) as step_size,
        cast(bases.total as double) / bases.n as mean_value,
        -- Exact: a constant series is on its mean, and on neither side.
        case when stepped.value * bases.n > bases.total then 1 when stepped.value * bases.n < bases.total then -1 else 0 end as side,
        case
            when stepped.value > stepped.value_before then 1
            when stepped.value < stepped.value_before then -1
            when stepped.value = stepped.value_before then 0
        end as step
    from stepped
    inner join bases on stepped.series_no = bases.series_no and stepped.base_no = bases.base_no
),

mean_steps as (
    select series_no, base_no, cast(sum(step_size) as double) / nullif(count(step_size), 0) as mean_step_size
    from with_steps
    group by series_no, base_no
),

-- Steps that are far from the others do not count. If nothing changes, the package has no limits; here they are the mean.
moving_ranges as (
    select
        with_steps.series_no, with_steps.base_no,
        cast(sum(with_steps.step_size) as double) / nullif(count(with_steps.step_size), 0) as moving_range
    from with_steps
    inner join mean_steps on with_steps.series_no = mean_steps.series_no and with_steps.base_no = mean_steps.base_no
    where
        cast(with_steps.step_size as double) < {{ chart_constant('screened above') }} * mean_steps.mean_step_size
        or with_steps.step_size = 0
    group by with_steps.series_no, with_steps.base_no
),

limited as (
    select with_steps.*, moving_ranges.moving_range
    from with_steps
    left join moving_ranges on with_steps.series_no = moving_ranges.series_no and with_steps.base_no = moving_ranges.base_no
),

placed as (
    select
        *,
        mean_value - {{ limit }} as lower_value,
        mean_value + {{ limit }} as upper_value,
        case
            when side = 1 and cast(value as double) > mean_value + {{ limit }} then 1
            when side = -1 and cast(value as double) < mean_value - {{ limit }} then 1
            else 0
        end as is_outside,
        case
            when side = 1 and cast(value as double) > mean_value + {{ near }} then 1
            when side = -1 and cast(value as double) < mean_value - {{ near }} then 1
            else 0
        end as is_beyond_near
    from limited
),

-- Whether a pattern ends with this month.
pattern_ends as (
    select
        *,
        case when abs(sum(side) over ({{ in_order }} rows between 6 preceding and current row)) = 7 then 1 else 0 end as ends_run,
        case when abs(sum(step) over ({{ in_order }} rows between 5 preceding and current row)) = 6 then 1 else 0 end as ends_trend,
        -- Three on one side, of which two are near the limit but not beyond it.
        case
            when
                abs(sum(side) over ({{ in_order }} rows between 2 preceding and current row)) = 3
                and sum(is_beyond_near - is_outside) over ({{ in_order }} rows between 2 preceding and current row) >= 2
                then 1
            else 0
        end as ends_two_of_three
    from placed
),

marked as (
    select
        *,
        max(ends_run) over ({{ in_order }} rows between current row and 6 following) = 1 as is_run,
        max(ends_trend) over ({{ in_order }} rows between current row and 6 following) = 1 as is_trend,
        max(ends_two_of_three) over ({{ in_order }} rows between current row and 2 following) = 1
        and is_beyond_near = 1 and is_outside = 0 as is_two_of_three,
        -- The direction of a trend is that of the step to the next month; in its last month, that of the step before.
        case
            when max(ends_trend) over ({{ in_order }} rows between 1 following and 7 following) = 1
                then lead(step) over ({{ in_order }})
            else step
        end as trend_step
    from pattern_ends
),

named as (
    select
        marked.*, numbered.mart, numbered.force_code, numbered.area_type, numbered.area_code, numbered.area_name,
        numbered.measure, numbered.category
    from marked
    inner join numbered on marked.series_no = numbered.series_no
)

select
    force_code, area_type, area_code, area_name, mart, measure, category, period_start, period_end, value,
    {{ ten_places('mean_value') }} as mean,
    {{ ten_places("case when unit = 'count' and lower_value < 0 then 0 else lower_value end") }} as lower_limit,
    {{ ten_places('upper_value') }} as upper_limit,
    baseline_start, baseline_end,
    is_outside = 1 as is_outside_limits,
    is_run, is_trend, is_two_of_three,
    -- The direction is that of the first rule that marks a month.
    case
        when is_outside = 1 then case side when 1 then 'high' else 'low' end
        when is_trend then case trend_step when 1 then 'high' else 'low' end
        when is_two_of_three or is_run then case side when 1 then 'high' else 'low' end
        else 'common cause'
    end as variation
from named
