{{ config(materialized='night_table') }}
-- Loads that lack the columns that a coverage needs, and the days on which their rows count: the coverage has none of these days,
-- whatever an older file says.
with lacking as (
    select needed.coverage, loads.load_id
    from {{ source('raw', 'coverage_columns') }} as needed
    inner join {{ source('raw', 'coverages') }} as coverages on needed.coverage = coverages.coverage
    inner join {{ ref('standing_loads') }} as loads on coverages.extract = loads.extract
    left join {{ source('raw', 'absent_columns') }} as absent
        on loads.load_id = absent.load_id
        and needed.column_name = absent.column_name
    group by needed.coverage, needed.one_of, loads.load_id
    having sum(case when absent.load_id is null then 1 else 0 end) = 0
),

newest as (
    select extract, force_code, max(load_rank) as load_rank
    from {{ ref('standing_loads') }}
    group by extract, force_code
),

-- An older file of a whole list gives no row, so that it leaves none without a unit.
without_units as (
    select loads.load_id
    from {{ ref('standing_loads') }} as loads
    inner join {{ source('raw', 'absent_columns') }} as absent on loads.load_id = absent.load_id
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
    inner join newest
        on loads.extract = newest.extract
        and loads.force_code = newest.force_code
    where absent.is_unit and (contracts.kind <> 'list' or loads.load_rank = newest.load_rank)
),

all_lacking as (
    select coverage, load_id from lacking
    union
    select areas.area_coverage as coverage, loads.load_id
    from {{ ref('area_coverages') }} as areas
    inner join {{ ref('standing_loads') }} as loads
        on areas.extract = loads.extract
        and areas.force_code = loads.force_code
    left join lacking
        on areas.coverage = lacking.coverage
        and loads.load_id = lacking.load_id
    left join without_units on loads.load_id = without_units.load_id
    where lacking.load_id is not null or without_units.load_id is not null
),

placed as (
    select
        all_lacking.coverage, loads.*, contracts.kind,
        loads.load_rank = newest.load_rank as is_newest
    from all_lacking
    inner join {{ ref('standing_loads') }} as loads on all_lacking.load_id = loads.load_id
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
    inner join newest
        on loads.extract = newest.extract
        and loads.force_code = newest.force_code
)

-- The newest file of a whole list gives all rows, whatever their day. Rows without a key are replaced a month at a time.
select
    coverage,
    extract,
    force_code,
    load_id,
    night_id,
    case when kind = 'list' and not is_newest then -1 else load_rank end as load_rank,
    case
        when kind = 'list' then make_date(1, 1, 1)
        when known_by = 'file' then make_date(year(covered_from), month(covered_from), 1)
        else covered_from
    end as covered_from,
    case
        when kind = 'list' then make_date(9999, 12, 31)
        when known_by = 'file' then last_day(covered_to)
        else covered_to
    end as covered_to
from placed
