{{ config(materialized='table') }}
-- A force's own codes come on top of the seed's, and win where both name one.
with own as (
    select upper(offence_code) as offence_code, offence_class from {{ source('raw', 'own_offence_codes') }}
),

seeded as (
    select upper(offence_code) as offence_code, offence_class from {{ ref('offence_codes') }}
)

select offence_code, offence_class from own
union all
select seeded.offence_code, seeded.offence_class
from seeded
left join own on seeded.offence_code = own.offence_code
where own.offence_code is null
