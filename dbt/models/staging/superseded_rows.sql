{{ config(materialized='table') }}
-- What a newer file means: the landed rows that do not count, and why. Staging leaves them out.
with loads as (
    select loads.*, contracts.kind
    from {{ source('raw', 'loads') }} as loads
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
),

landed as (
    select
        rows_landed.extract,
        rows_landed.force_code,
        rows_landed.load_id,
        rows_landed.line,
        rows_landed.row_key,
        rows_landed.row_date,
        loads.kind,
        loads.known_by,
        loads.load_rank,
        standing.load_id is null as is_outranked,
        withheld.load_id is not null as is_withheld
    from {{ source('raw', 'row_index') }} as rows_landed
    inner join loads on rows_landed.load_id = loads.load_id
    left join {{ ref('standing_loads') }} as standing on rows_landed.load_id = standing.load_id
    left join {{ source('raw', 'withheld') }} as withheld
        on rows_landed.load_id = withheld.load_id
        and rows_landed.line = withheld.line
),

-- A row that is withheld or outranked has no say in what other rows are worth.
versions as (
    select
        *,
        row_number() over (
            partition by extract, force_code, row_key order by load_rank desc, load_id desc, line desc
        ) as version_no,
        first_value(load_id) over (
            partition by extract, force_code, row_key order by load_rank desc, load_id desc, line desc
        ) as newest_load_id
    from landed
    where not is_outranked and not is_withheld and known_by <> 'file'
),

-- A key that a newer file covers and lacks is withdrawn. One that is there in quarantine is there.
withdrawn as (
    select
        versions.extract,
        versions.load_id,
        versions.line,
        min_by(newer.load_id, newer.load_rank) as by_load_id
    from versions
    inner join loads as newer
        on versions.extract = newer.extract
        and versions.force_code = newer.force_code
        and newer.known_by = 'key'
        and versions.load_rank < newer.load_rank
        and (versions.kind = 'list' or versions.row_date between newer.covered_from and newer.covered_to)
    left join {{ source('raw', 'withheld') }} as present
        on newer.load_id = present.load_id
        and versions.row_key = present.row_key
    where versions.known_by = 'key' and versions.version_no = 1 and present.load_id is null
    group by versions.extract, versions.load_id, versions.line
),

-- Rows known by file and line: the newest file of a month replaces that month, also where its window begins within it.
replaced as (
    select
        landed.extract,
        landed.load_id,
        landed.line,
        min_by(newer.load_id, newer.load_rank) as by_load_id
    from landed
    inner join {{ ref('standing_loads') }} as newer
        on landed.extract = newer.extract
        and landed.force_code = newer.force_code
        and newer.known_by = 'file'
        and landed.load_rank < newer.load_rank
        and {{ month_no('landed.row_date') }} between {{ month_no('newer.covered_from') }} and {{ month_no('newer.covered_to') }}
    where landed.known_by = 'file' and not landed.is_outranked
    group by landed.extract, landed.load_id, landed.line
)

select extract, load_id, line, 'outranked' as reason, cast(null as string) as by_load_id
from landed
where is_outranked
union all
select extract, load_id, line, 'withheld' as reason, cast(null as string) as by_load_id
from landed
where is_withheld and not is_outranked
union all
select extract, load_id, line, 'newer version' as reason, newest_load_id as by_load_id
from versions
where (known_by = 'key' and version_no > 1) or (known_by = 'indicator' and load_id <> newest_load_id)
union all
select extract, load_id, line, 'withdrawn' as reason, by_load_id
from withdrawn
union all
select extract, load_id, line, 'replaced' as reason, by_load_id
from replaced
