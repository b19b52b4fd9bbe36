{{ config(materialized='night_table') }}
-- Loads that count: in months that the force's own extract covers, files of data.police.uk do not.
with loads as (
    select loads.*, contracts.is_keyed
    from {{ source('raw', 'loads') }} as loads
    inner join {{ source('raw', 'contracts') }} as contracts on loads.extract = contracts.extract
),

outranked as (
    select distinct published.load_id
    from loads as published
    inner join loads as own
        on published.extract = own.extract
        and published.force_code = own.force_code
        and own.form = 'canonical'
        and published.covered_to >= own.covered_from
        and published.covered_from <= own.covered_to
    where published.form = 'police_uk' and published.is_keyed
)

select
    loads.load_id,
    loads.extract,
    loads.force_code,
    loads.form,
    loads.known_by,
    loads.load_rank,
    loads.night_id,
    loads.covered_from,
    loads.covered_to
from loads
left join outranked on loads.load_id = outranked.load_id
where outranked.load_id is null
