-- Kept totals of erased rows, one event for each month. A unit that was renamed or merged counts as the one that has its code or
-- its name now. One that no list knows any more is `Not recorded`, and so are all units of a load whose force lists others since:
-- its coverage has none of them (`area_coverages`).
with kept as (
    select * from {{ source('raw', 'kept_months') }}
),

without_units as (
    select distinct load_id from {{ source('raw', 'absent_columns') }}
    where is_unit
)

select
    kept.extract,
    kept.load_id,
    kept.force_code,
    case
        when kept.leaf_code is null or kept.leaf_name is not null then kept.leaf_code
        when without_units.load_id is null and units.unit_code is not null then units.unit_code
        else 'unknown'
    end as leaf_code,
    kept.leaf_name,
    coalesce(kept.counted_on, months.month_end) as event_on,
    kept.mart,
    kept.measure,
    kept.category,
    kept.amount,
    kept.is_covered,
    kept.is_carried,
    months.month_start,
    months.month_end,
    kept.month_no
from kept
inner join {{ ref('kept_parts') }} as parts
    on kept.load_id = parts.load_id
    and kept.month_no = parts.month_no
inner join {{ ref('months') }} as months on kept.month_no = months.month_no
left join without_units on kept.load_id = without_units.load_id
left join {{ ref('unit_names') }} as units
    on kept.force_code = units.force_code
    and lower(kept.leaf_code) = units.unit_name
