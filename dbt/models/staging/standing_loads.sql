{{ config(materialized='table') }}
-- Over months that the force's own extract covers, it counts alone: what data.police.uk publishes of them stands back.
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
        and own.covered_from <= published.covered_to
        and own.covered_to >= published.covered_from
    where published.form = 'police_uk' and published.is_keyed
)

select loads.*
from loads
left join outranked on loads.load_id = outranked.load_id
where outranked.load_id is null
