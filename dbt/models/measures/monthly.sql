{{ config(materialized='night_table', meta={'by_year': true}) }}
-- Sums of every subject's events by month, the grain from which every period is made.
--
-- Rows on days without coverage add nothing, but their categories get a row. A stock takes every row, since a county line may be
-- older than the window; of counts on several days (`last`) the latest applies. If only some months are built again, the sums of the
-- others are carried forward.
with final as (
    select
        days.mart,
        days.force_code,
        days.leaf_code,
        days.measure,
        days.category,
        days.month_no,
        max(days.leaf_name) as leaf_name,
        case max(measures.aggregation)
            when 'last' then max_by(case when days.is_covered then days.amount end, case when days.is_covered then days.event_on end)
            when 'stock' then sum(case when days.is_unsplit then 0 else days.amount end)
            else sum(case when days.is_covered and not days.is_unsplit then days.amount else 0 end)
        end as amount,
        sum(case when days.is_unsplit and (days.is_covered or measures.aggregation = 'stock') then days.amount end) as unsplit_amount
    from {{ ref('event_days') }} as days
    inner join {{ ref('measure_list') }} as measures
        on days.mart = measures.mart
        and days.measure = measures.measure
    group by days.mart, days.force_code, days.leaf_code, days.measure, days.category, days.month_no
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
    final.month_no,
    cast(case when parts.is_unsplit then final.unsplit_amount else final.amount end as decimal(38, 10)) as amount
from final
inner join parts on (not parts.is_unsplit or final.unsplit_amount is not null)
union all
select mart, force_code, leaf_code, leaf_name, measure, category, month_no, amount
from {{ source('raw', 'carried_months') }}
