{{ config(materialized='night_table') }}
-- How many days of each month are covered; `coverage_windows` says which. A row for each month from the first to the last of a
-- coverage, without gaps, so that a year earlier is always twelve rows earlier.
with coverages as (
    select coverage, extract, cast(null as string) as force_code from {{ source('raw', 'coverages') }}
    union all
    select area_coverage as coverage, extract, force_code from {{ ref('area_coverages') }}
),

spans as (
    select
        coverages.coverage,
        coverages.extract,
        windows.force_code,
        min(windows.covered_from) as first_day,
        max(windows.covered_to) as last_day
    from coverages
    inner join {{ ref('coverage_windows') }} as windows
        on coverages.extract = windows.coverage
        and windows.force_code = coalesce(coverages.force_code, windows.force_code)
    group by coverages.coverage, coverages.extract, windows.force_code
),

-- From the start of the calendar or financial year of the first covered day to the end of those of the last.
spine as (
    select
        spans.coverage,
        spans.extract,
        spans.force_code,
        {{ month_no('spans.first_day') }} as first_covered_month_no,
        months.*
    from spans
    inner join {{ ref('months') }} as months
        on (
            spans.last_day >= months.month_start
            or months.calendar_year = year(spans.last_day)
            or months.financial_year = {{ financial_year('spans.last_day') }}
        )
        and (
            spans.first_day <= months.month_end
            or months.calendar_year = year(spans.first_day)
            or months.financial_year = {{ financial_year('spans.first_day') }}
        )
),

covered as (
    select
        spine.coverage,
        spine.force_code,
        spine.month_no,
        sum({{ days_between('greatest(windows.covered_from, spine.month_start)', 'least(windows.covered_to, spine.month_end)') }} + 1)
            as covered_days,
        max(case when windows.covered_to >= spine.month_end and windows.covered_from <= spine.month_end then 1 else 0 end)
            as is_end_covered
    from spine
    inner join {{ ref('coverage_windows') }} as windows
        on spine.coverage = windows.coverage
        and spine.force_code = windows.force_code
        and spine.month_end >= windows.covered_from
        and spine.month_start <= windows.covered_to
    group by spine.coverage, spine.force_code, spine.month_no
),

-- The extract decides which rows there are, even if a measure starts later or needs another source.
touched as (
    select distinct
        spine.coverage,
        spine.force_code,
        spine.month_no
    from spine
    inner join {{ ref('coverage_windows') }} as windows
        on spine.extract = windows.coverage
        and spine.force_code = windows.force_code
        and spine.month_end >= windows.covered_from
        and spine.month_start <= windows.covered_to
)

select
    spine.coverage,
    spine.force_code,
    spine.month_no,
    spine.calendar_year,
    spine.financial_year,
    spine.month_of_year,
    spine.month_start,
    spine.month_end,
    cast(spine.first_covered_month_no as int) as first_covered_month_no,
    contracts.has_areas,
    cast(coalesce(covered.covered_days, 0) as int) as covered_days,
    cast(coalesce(covered.is_end_covered, 0) as int) as is_end_covered,
    case when touched.month_no is null then 0 else 1 end as is_touched
from spine
inner join {{ source('raw', 'contracts') }} as contracts on spine.extract = contracts.extract
left join covered
    on spine.coverage = covered.coverage
    and spine.force_code = covered.force_code
    and spine.month_no = covered.month_no
left join touched
    on spine.coverage = touched.coverage
    and spine.force_code = touched.force_code
    and spine.month_no = touched.month_no
