{{ config(materialized='night_table', meta={'by_year': true}) }}
-- Sums of every subject's events by month, the grain from which every period is made.
--
-- Rows on days without coverage add nothing, but their categories get a row. A stock takes every row, since a county line may be
-- older than the window; of counts on several days (`last`) the latest applies. Kept totals of erased rows are added like
-- events, one for each month. If only some months are built again, the sums of the others are carried forward.
with events as (
    select * from {{ ref('event_days') }}
),

-- Loads without the column that splits a measure: their amounts count in `all`, and in no category. So do rows of older files on
-- days whose newest file lacks it: they count as their newer version is in quarantine, and the day has no categories.
unsplit as (
    select distinct measures.mart, measures.measure, gaps.load_id
    from {{ ref('measure_list') }} as measures
    inner join {{ ref('coverage_gaps') }} as gaps on measures.category_coverage = gaps.coverage
),

covered as (
    select
        events.mart,
        events.force_code,
        events.leaf_code,
        events.leaf_name,
        events.event_on,
        events.measure,
        events.category,
        events.amount,
        measures.aggregation,
        {{ month_no('events.event_on') }} as month_no,
        windows.coverage is not null as is_covered,
        unsplit.load_id is not null
        or (measures.category_coverage is not null and split.coverage is null and measures.aggregation <> 'stock') as is_unsplit
    from events
    inner join {{ ref('measure_list') }} as measures
        on events.mart = measures.mart
        and events.measure = measures.measure
    left join {{ ref('coverage_windows') }} as windows
        on measures.coverage = windows.coverage
        and events.force_code = windows.force_code
        and events.event_on between windows.covered_from and windows.covered_to
    left join {{ ref('coverage_windows') }} as split
        on measures.category_coverage = split.coverage
        and events.force_code = split.force_code
        and events.event_on between split.covered_from and split.covered_to
    left join unsplit
        on events.mart = unsplit.mart
        and events.measure = unsplit.measure
        and events.load_id = unsplit.load_id
    union all
    select
        kept.mart,
        kept.force_code,
        kept.leaf_code,
        kept.leaf_name,
        kept.event_on,
        kept.measure,
        kept.category,
        kept.amount,
        measures.aggregation,
        kept.month_no,
        kept.is_covered,
        unsplit.load_id is not null as is_unsplit
    from {{ ref('kept_measures') }} as kept
    inner join {{ ref('measure_list') }} as measures
        on kept.mart = measures.mart
        and kept.measure = measures.measure
    left join unsplit
        on kept.mart = unsplit.mart
        and kept.measure = unsplit.measure
        and kept.load_id = unsplit.load_id
    where not kept.is_carried
),

final as (
    select
        mart,
        force_code,
        leaf_code,
        measure,
        category,
        month_no,
        max(leaf_name) as leaf_name,
        case max(aggregation)
            when 'last' then max_by(case when is_covered then amount end, case when is_covered then event_on end)
            when 'stock' then sum(case when is_unsplit then 0 else amount end)
            else sum(case when is_covered and not is_unsplit then amount else 0 end)
        end as amount,
        sum(case when is_unsplit and (is_covered or aggregation = 'stock') then amount end) as unsplit_amount
    from covered
    group by mart, force_code, leaf_code, measure, category, month_no
),

parts as (
    select false as is_unsplit
    union all
    select true as is_unsplit
)

-- Amounts that cannot be split are in `all` only; their category, `Not recorded`, still gets a row.
select
    final.mart,
    final.force_code,
    final.leaf_code,
    final.leaf_name,
    final.measure,
    case when parts.is_unsplit then 'all' else final.category end as category,
    cast(final.month_no as int) as month_no,
    cast(case when parts.is_unsplit then final.unsplit_amount else final.amount end as decimal(38, 10)) as amount
from final
inner join parts on (not parts.is_unsplit or final.unsplit_amount is not null)
union all
select mart, force_code, leaf_code, leaf_name, measure, category, month_no, amount
from {{ source('raw', 'carried_months') }}
