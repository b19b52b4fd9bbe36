{{ config(materialized='night_table') }}
-- A force's own list, if its home has one, replaces all rows of that force in the seed.
with own as (
    select * from {{ source('raw', 'own_areas') }}
),

own_forces as (
    select distinct force_code from own
),

units as (
    select * from own
    union all
    select seeded.force_code, seeded.section_code, seeded.section_name, seeded.lpu_code, seeded.lpu_name
    from {{ ref('areas') }} as seeded
    left join own_forces as replaced on seeded.force_code = replaced.force_code
    where replaced.force_code is null
),

final as (
    select force_code, 'force' as area_type, force_code as area_code, force_name as area_name, null as section_code
    from {{ ref('forces') }}
    union all
    select distinct force_code, 'section' as area_type, section_code as area_code, section_name as area_name, null as section_code
    from units
    union all
    select force_code, 'lpu' as area_type, lpu_code as area_code, lpu_name as area_name, section_code
    from units
    union all
    select force_code, 'lpu' as area_type, 'unknown' as area_code, 'Not recorded' as area_name, null as section_code
    from {{ ref('forces') }}
)

select
    force_code,
    area_type,
    area_code,
    area_name,
    cast(section_code as string) as section_code
from final
