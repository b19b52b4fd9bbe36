{{ config(materialized='night_table') }}
-- The covered days of each coverage: the union of the accepted windows, without days before a coverage's own limit, and without
-- days whose current rows are of a file that lacks the columns.
with coverages as (
    select coverage, extract, available_from, cast(null as string) as force_code
    from {{ source('raw', 'coverages') }}
    union all
    select areas.area_coverage as coverage, areas.extract, coverages.available_from, areas.force_code
    from {{ ref('area_coverages') }} as areas
    inner join {{ source('raw', 'coverages') }} as coverages on areas.coverage = coverages.coverage
),

-- Months whose rows were erased: files that landed since have no say in their days (`superseded_rows`).
closed as (
    select * from {{ ref('kept_parts') }}
    where known_by = 'key'
),

spans as (
    select load_id, extract, force_code, load_rank, night_id, covered_from, covered_to, '' as kept_night
    from {{ ref('standing_loads') }}
    union all
    select
        loads.load_id, loads.extract, loads.force_code, loads.load_rank, loads.night_id, closed.covered_from, closed.covered_to,
        closed.kept_night
    from {{ ref('standing_loads') }} as loads
    inner join closed on loads.load_id = closed.load_id
),

usable as (
    select
        coverages.coverage,
        coverages.extract,
        loads.force_code,
        loads.load_id,
        loads.load_rank,
        loads.night_id,
        loads.kept_night,
        greatest(loads.covered_from, coalesce(coverages.available_from, loads.covered_from)) as covered_from,
        loads.covered_to
    from coverages
    inner join spans as loads
        on coverages.extract = loads.extract
        and loads.force_code = coalesce(coverages.force_code, loads.force_code)
    left join (select distinct coverage, load_id from {{ ref('coverage_gaps') }}) as lacking -- noqa: ST05
        on coverages.coverage = lacking.coverage
        and loads.load_id = lacking.load_id
    where lacking.load_id is null
),

-- The parts of a window in which rows of another load, which lacks the columns, are current, and those that are closed to it.
taken as (
    select usable.*, gaps.covered_from as taken_from, gaps.covered_to as taken_to
    from usable
    inner join {{ ref('coverage_gaps') }} as gaps
        on usable.coverage = gaps.coverage
        and usable.force_code = gaps.force_code
        and usable.load_rank <= gaps.load_rank
        and (usable.kept_night = '' or usable.kept_night >= gaps.night_id)
    union all
    select usable.*, closed.covered_from as taken_from, closed.covered_to as taken_to
    from usable
    inner join closed
        on usable.extract = closed.extract
        and usable.force_code = closed.force_code
        and usable.load_rank >= closed.load_rank
        and usable.night_id > closed.kept_night
),

lost as (
    select
        coverage,
        force_code,
        load_id,
        kept_night,
        covered_from as window_from,
        covered_to as window_to,
        greatest(covered_from, taken_from) as lost_from,
        least(covered_to, taken_to) as lost_to
    from taken
    where covered_to >= taken_from and covered_from <= taken_to and covered_from <= covered_to
),

lost_before as (
    select
        *,
        max(lost_to) over (
            partition by coverage, force_code, load_id, kept_night, window_from order by lost_from, lost_to
            rows between unbounded preceding and 1 preceding
        ) as lost_before
    from lost
),

-- Equal windows of several loads count once: they have no order, and the numbering of islands needs one.
remaining as (
    select usable.coverage, usable.force_code, usable.covered_from, usable.covered_to
    from usable
    left join (select distinct coverage, load_id, kept_night, window_from from lost) as reduced -- noqa: ST05
        on usable.coverage = reduced.coverage
        and usable.load_id = reduced.load_id
        and usable.kept_night = reduced.kept_night
        and usable.covered_from = reduced.window_from
    where reduced.load_id is null
    union
    select
        coverage, force_code,
        case when lost_before is null then window_from else {{ add_days('lost_before', 1) }} end as covered_from,
        {{ add_days('lost_from', -1) }} as covered_to
    from lost_before
    union
    select coverage, force_code, {{ add_days('max(lost_to)', 1) }} as covered_from, max(window_to) as covered_to
    from lost
    group by coverage, force_code, load_id, kept_night, window_from
),

-- A window that neither overlaps nor follows the windows before it starts a new island.
marked as (
    select
        *,
        max(covered_to) over (
            partition by coverage, force_code order by covered_from, covered_to
            rows between unbounded preceding and 1 preceding
        ) as covered_before
    from remaining
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
