{{ config(materialized='night_table') }}
-- A force's own codes are added to the seed's, and override them.
with own as (
    select upper(offence_code) as offence_code, offence_class from {{ source('raw', 'own_offence_codes') }}
    union all
    select upper(words.value) as offence_code, case when words.counts_as = 'nothing' then 'other' else words.counts_as end as offence_class
    from {{ source('raw', 'vocabulary') }} as words
    left join {{ source('raw', 'own_offence_codes') }} as listed on words.value = lower(listed.offence_code)
    where words.extract = 'crimes' and words.column_name = 'offence_code' and listed.offence_code is null
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
