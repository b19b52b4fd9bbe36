{{ config(materialized='night_table') }}
-- The month from which a force's figures in a mart are made again; no row: none are. Before that month nothing has changed: neither
-- the sums of months, nor their coverage, nor which categories and districts have rows.
{%- set compared = ['coverage', 'force_code', 'month_no', 'period_type', 'data_status', 'end_status', 'prior_status', 'prior_end_status'] %}
with night as (
    select is_in_part from {{ source('raw', 'night') }}
),

forces as (
    select distinct force_code from {{ ref('coverage_windows') }}
),

everything as (
    select listed.mart, forces.force_code, 0 as month_no
    from (select distinct mart from {{ ref('measure_list') }}) as listed
    cross join forces
    cross join night
    where not night.is_in_part
),

periods_now as (
    select {{ compared | join(', ') }} from {{ ref('periods') }}
),

periods_before as (
    select {{ compared | join(', ') }} from {{ source('raw', 'carried_periods') }}
),

periods_changed as (
    select coverage, force_code, month_no
    from (
        (
            select * from periods_now
            except
            select * from periods_before
        )
        union all
        (
            select * from periods_before
            except
            select * from periods_now
        )
    ) as differing
),

series_now as (
    select distinct mart, force_code, 'category' as kind, measure as code, category as title from {{ ref('monthly') }}
    union all
    select mart, force_code, 'district' as kind, leaf_code as code, max(leaf_name) as title from {{ ref('monthly') }}
    group by mart, force_code, leaf_code
    having max(leaf_name) is not null
),

series_before as (
    select mart, force_code, kind, code, title from {{ source('raw', 'carried_series') }}
),

-- A new or dropped category changes the rows of every period. Marts that no file touches have the same sums as before.
series_changed as (
    select mart, force_code
    from (
        (
            select * from series_now
            except
            select * from series_before
        )
        union all
        (
            select * from series_before
            except
            select * from series_now
        )
    ) as differing
),

touched_marts as (
    select distinct mart from {{ source('raw', 'figures_touched') }}
),

coverages as (
    select distinct mart, coverage from {{ ref('measure_list') }}
    union
    select distinct mart, category_coverage as coverage from {{ ref('measure_list') }}
    where category_coverage is not null
),

starts as (
    select mart, force_code, month_no from everything
    union all
    select
        touched.mart, touched.force_code,
        case when touched.mart = 'mart_public_health' then 0 else touched.month_no end as month_no
    from {{ source('raw', 'figures_touched') }} as touched
    union all
    select coverages.mart, changed.force_code, changed.month_no
    from coverages
    inner join periods_changed as changed
        on coverages.coverage = changed.coverage or concat(coverages.coverage, '.areas') = changed.coverage
    union all
    select changed.mart, changed.force_code, 0 as month_no
    from series_changed as changed
    inner join touched_marts on changed.mart = touched_marts.mart
),

-- A month counts as complete by its days, or by its last day (stocks): of any coverage of the force, as one too many does no harm.
complete_months as (
    select force_code, max(month_no) as last_month_no
    from (
        select * from periods_now
        union all
        select * from periods_before
    ) as known
    where period_type = 'month' and (data_status = 'complete' or end_status = 'complete')
    group by force_code
)

select
    starts.mart, starts.force_code,
    cast(min(starts.month_no) as int) as from_month_no,
    coalesce(min(starts.month_no) <= max(complete_months.last_month_no), false) as has_complete_months
from starts
left join complete_months on starts.force_code = complete_months.force_code
group by starts.mart, starts.force_code
