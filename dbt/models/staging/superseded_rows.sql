{{ config(materialized='night_table') }}
-- The landed rows that do not count, and why. Staging leaves them out.
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
        loads.night_id,
        standing.load_id is null as is_outranked,
        withheld.load_id is not null as is_withheld
    from {{ source('raw', 'row_index') }} as rows_landed
    inner join loads on rows_landed.load_id = loads.load_id
    left join {{ ref('standing_loads') }} as standing on rows_landed.load_id = standing.load_id
    left join {{ source('raw', 'withheld') }} as withheld
        on rows_landed.load_id = withheld.load_id
        and rows_landed.line = withheld.line
),

-- A month whose rows were erased has its kept totals until a newer file covers all of it. Until then, later rows on its days
-- do not count.
closed as (
    select landed.load_id, landed.line, min(parts.load_id) as by_load_id
    from landed
    inner join {{ ref('kept_parts') }} as parts
        on landed.extract = parts.extract
        and landed.force_code = parts.force_code
        and landed.known_by = parts.known_by
        and landed.load_rank >= parts.load_rank
        and landed.night_id > parts.kept_night
        and {{ month_no('landed.row_date') }} = parts.month_no
        and landed.row_date between parts.covered_from and parts.covered_to
    where parts.known_by = 'key' and not landed.is_outranked and not landed.is_withheld
    group by landed.load_id, landed.line
),

-- A row that is withheld, outranked or in a closed month does not supersede other rows.
versions as (
    select
        landed.*,
        row_number() over (
            partition by landed.extract, landed.force_code, landed.row_key
            order by landed.load_rank desc, landed.load_id desc, landed.line desc
        ) as version_no,
        first_value(landed.load_id) over (
            partition by landed.extract, landed.force_code, landed.row_key
            order by landed.load_rank desc, landed.load_id desc, landed.line desc
        ) as newest_load_id
    from landed
    left join closed
        on landed.load_id = closed.load_id
        and landed.line = closed.line
    where not landed.is_outranked and not landed.is_withheld and landed.known_by <> 'file' and closed.load_id is null
),

-- A key that a newer file covers but lacks is withdrawn. A quarantined row counts as present.
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

-- Rows without a key: the newest file of a month replaces that month, even if its window starts within it.
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
),

-- Rows that had a newer version in a load whose rows were erased since; of several, the last.
outlived as (
    select versions.extract, versions.load_id, versions.line, max(erased.by_load_id) as by_load_id
    from versions
    inner join {{ source('raw', 'kept_superseded') }} as erased
        on versions.load_id = erased.load_id
        and versions.line = erased.line
    left join withdrawn
        on versions.load_id = withdrawn.load_id
        and versions.line = withdrawn.line
    where versions.known_by = 'key' and versions.version_no = 1 and withdrawn.load_id is null
    group by versions.extract, versions.load_id, versions.line
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
union all
select extract, load_id, line, 'newer version' as reason, by_load_id
from outlived
union all
select landed.extract, landed.load_id, landed.line, 'closed' as reason, closed.by_load_id
from closed
inner join landed
    on closed.load_id = landed.load_id
    and closed.line = landed.line
union all
select extract, load_id, line, reason, by_load_id
from {{ source('raw', 'carried_superseded') }}
