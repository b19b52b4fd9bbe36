{{ config(materialized='table') }}
-- What each measure can be asked for: the union of the accepted windows, cut where a coverage has a limit of its own.
with coverages as (
    select extract as coverage, extract, cast(null as string) as form, cast(null as date) as available_from
    from {{ source('raw', 'contracts') }}
    union all
    select coverage, extract, form, available_from
    from {{ ref('coverage_limits') }}
),

-- A window counts once, however many loads have it: two that are equal have no order, and islands are counted in one.
cut as (
    select distinct
        coverages.coverage,
        loads.force_code,
        greatest(loads.covered_from, coalesce(coverages.available_from, loads.covered_from)) as covered_from,
        loads.covered_to
    from coverages
    inner join {{ ref('standing_loads') }} as loads
        on coverages.extract = loads.extract
        and loads.form = coalesce(coverages.form, loads.form)
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
