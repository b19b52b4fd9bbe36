{{ config(materialized='night_table') }}
-- What each measure can be asked for: the union of the accepted windows, cut where a coverage has a limit of its own, and where
-- the rows that stand are of a file without the columns that tell it.
with coverages as (
    select
        extract as coverage, extract, cast(null as string) as form, cast(null as date) as available_from,
        cast(null as string) as force_code
    from {{ source('raw', 'contracts') }}
    union all
    select coverage, extract, form, available_from, cast(null as string) as force_code
    from {{ ref('coverage_limits') }}
    union all
    select areas.area_coverage as coverage, areas.extract, limits.form, limits.available_from, areas.force_code
    from {{ ref('area_coverages') }} as areas
    left join {{ ref('coverage_limits') }} as limits on areas.coverage = limits.coverage
),

telling as (
    select
        coverages.coverage,
        loads.force_code,
        loads.load_id,
        loads.load_rank,
        loads.night_id,
        greatest(loads.covered_from, coalesce(coverages.available_from, loads.covered_from)) as covered_from,
        loads.covered_to
    from coverages
    inner join {{ ref('standing_loads') }} as loads
        on coverages.extract = loads.extract
        and loads.form = coalesce(coverages.form, loads.form)
        and loads.force_code = coalesce(coverages.force_code, loads.force_code)
    left join (select distinct coverage, load_id from {{ ref('coverage_gaps') }}) as lacking -- noqa: ST05
        on coverages.coverage = lacking.coverage
        and loads.load_id = lacking.load_id
    where lacking.load_id is null
),

-- The parts of a window in which another load's rows stand that lacks the columns.
gone as (
    select
        telling.coverage,
        telling.force_code,
        telling.load_id,
        telling.covered_from as window_from,
        telling.covered_to as window_to,
        greatest(telling.covered_from, gaps.covered_from) as gone_from,
        least(telling.covered_to, gaps.covered_to) as gone_to
    from telling
    inner join {{ ref('coverage_gaps') }} as gaps
        on telling.coverage = gaps.coverage
        and telling.force_code = gaps.force_code
        and telling.covered_to >= gaps.covered_from
        and telling.covered_from <= gaps.covered_to
        and (telling.load_rank <= gaps.load_rank or telling.night_id > gaps.kept_night)
    where telling.covered_from <= telling.covered_to
),

gone_before as (
    select
        *,
        max(gone_to) over (
            partition by coverage, force_code, load_id order by gone_from, gone_to
            rows between unbounded preceding and 1 preceding
        ) as gone_before
    from gone
),

-- A window counts once, however many loads have it: two that are equal have no order, and islands are counted in one.
cut as (
    select telling.coverage, telling.force_code, telling.covered_from, telling.covered_to
    from telling
    left join (select distinct coverage, load_id from gone) as parted -- noqa: ST05
        on telling.coverage = parted.coverage
        and telling.load_id = parted.load_id
    where parted.load_id is null
    union
    select
        coverage, force_code,
        case when gone_before is null then window_from else {{ add_days('gone_before', 1) }} end as covered_from,
        {{ add_days('gone_from', -1) }} as covered_to
    from gone_before
    union
    select coverage, force_code, {{ add_days('max(gone_to)', 1) }} as covered_from, max(window_to) as covered_to
    from gone
    group by coverage, force_code, load_id
),

-- A window that neither overlaps nor follows on from those before it begins an island.
marked as (
    select
        *,
        max(covered_to) over (
            partition by coverage, force_code order by covered_from, covered_to
            rows between unbounded preceding and 1 preceding
        ) as covered_before
    from cut
    where covered_from <= covered_to
),

numbered as (
    select
        *,
        sum(case when covered_before is null or covered_from > {{ add_days('covered_before', 1) }} then 1 else 0 end)
            over (
                partition by coverage, force_code order by covered_from, covered_to
                rows between unbounded preceding and current row
            ) as island
    from marked
)

select
    coverage,
    force_code,
    min(covered_from) as covered_from,
    max(covered_to) as covered_to
from numbered
group by coverage, force_code, island
