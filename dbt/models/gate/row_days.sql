-- The rows that count, by day, for the gate's checks of volumes. Erased rows have no day any more.
with monthly_files as (
    select loads.load_id, loads.covered_from
    from {{ source('raw', 'loads') }} as loads
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
    where contracts.kind = 'monthly_file'
),

current_rows as (
    select
        landed.*,
        -- A row that says its month alone is placed on the first day of it that its file covers, as its event is.
        case
            when monthly_files.load_id is null then landed.row_date
            else greatest(landed.row_date, monthly_files.covered_from)
        end as placed_on
    from {{ source('raw', 'landed_rows') }} as landed
    left join monthly_files on landed.load_id = monthly_files.load_id
    left join {{ ref('superseded_rows') }} as superseded
        on landed.load_id = superseded.load_id
        and landed.line = superseded.line
    where superseded.load_id is null
)

select
    current_rows.extract,
    current_rows.force_code,
    current_rows.placed_on as row_date,
    coalesce(current_rows.row_kind, '') as row_kind,
    count(*) as rows_current,
    -- Rows of data.police.uk have no key and no unit.
    cast(sum(case when current_rows.row_key is null then 0 else 1 end) as bigint) as rows_placeable,
    cast(sum(case when units.unit_code is null and current_rows.row_key is not null then 1 else 0 end) as bigint) as rows_unplaced
from current_rows
left join {{ ref('unit_names') }} as units
    on current_rows.force_code = units.force_code
    and lower(current_rows.unit) = units.unit_name
group by current_rows.extract, current_rows.force_code, current_rows.placed_on, coalesce(current_rows.row_kind, '')
union all
select extract, force_code, row_date, row_kind, rows_current, rows_placeable, rows_unplaced
from {{ source('raw', 'carried_row_days') }}
