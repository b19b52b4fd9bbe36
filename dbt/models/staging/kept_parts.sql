-- Months of loads whose rows were erased and whose kept totals still count. A later file can replace only a whole month: it
-- is no longer known which of the erased rows a part of it would replace.
with parts as (
    select distinct load_id, month_no, kept_night from {{ source('raw', 'kept_months') }}
),

placed as (
    select
        parts.load_id,
        loads.extract,
        loads.force_code,
        loads.known_by,
        loads.load_rank,
        contracts.kind,
        parts.month_no,
        parts.kept_night,
        greatest(loads.covered_from, months.month_start) as covered_from,
        least(loads.covered_to, months.month_end) as covered_to
    from parts
    inner join {{ ref('standing_loads') }} as loads on parts.load_id = loads.load_id
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
    inner join {{ ref('months') }} as months on parts.month_no = months.month_no
),

-- Replaced by a newer whole list, the newest file of a month, or a newer file that covers all days that the erased load covered.
replaced as (
    select distinct placed.load_id, placed.month_no
    from placed
    inner join {{ source('raw', 'loads') }} as newer
        on placed.extract = newer.extract
        and placed.force_code = newer.force_code
        and placed.known_by = newer.known_by
        and placed.load_rank <= newer.load_rank
        and placed.kept_night < newer.night_id
        and (placed.load_rank < newer.load_rank or placed.kind = 'list')
        and (
            placed.kind = 'list'
            or (placed.known_by = 'key' and placed.covered_from >= newer.covered_from and placed.covered_to <= newer.covered_to)
            or (
                placed.known_by = 'file'
                and placed.month_no between {{ month_no('newer.covered_from') }} and {{ month_no('newer.covered_to') }}
            )
        )
)

select
    placed.load_id,
    placed.extract,
    placed.force_code,
    placed.known_by,
    placed.load_rank,
    placed.month_no,
    placed.kept_night,
    placed.covered_from,
    placed.covered_to
from placed
left join replaced
    on placed.load_id = replaced.load_id
    and placed.month_no = replaced.month_no
where replaced.load_id is null
