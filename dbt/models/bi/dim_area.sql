-- The areas that have figures, each with its section and force.
with shown as (
    select force_code, area_type, area_code, max(area_name) as area_name
    from {{ ref('measures').include(database=false) }}
    group by force_code, area_type, area_code
),

listed as (
    select * from {{ ref('areas_listed') }}
),

placed as (
    select
        shown.force_code,
        forces.area_name as force_name,
        shown.area_type,
        shown.area_code,
        shown.area_name,
        case
            when shown.area_type = 'section' then shown.area_code
            when shown.area_type = 'lpu' then coalesce(units.section_code, 'unknown')
        end as section_code,
        case
            when shown.area_type = 'section' then shown.area_name
            when shown.area_type = 'lpu' then coalesce(sections.area_name, 'Not recorded')
        end as section_name
    from shown
    left join listed as forces on shown.force_code = forces.force_code and forces.area_type = 'force'
    left join listed as units
        on shown.force_code = units.force_code
        and shown.area_code = units.area_code
        and shown.area_type = 'lpu'
        and units.area_type = 'lpu'
    left join listed as sections
        on units.force_code = sections.force_code
        and units.section_code = sections.area_code
        and sections.area_type = 'section'
)

select
    {{ area_key() }} as area_key,
    force_code,
    force_name,
    area_type,
    case area_type
        when 'force' then 'Force'
        when 'section' then 'Section'
        when 'lpu' then 'Local policing unit'
        when 'district' then 'District'
        when 'upper_tier' then 'Upper-tier authority'
        when 'region' then 'Region'
        when 'country' then 'Country'
        else area_type
    end as area_type_title,
    case area_type
        when 'force' then 1
        when 'section' then 2
        when 'lpu' then 3
        when 'district' then 4
        when 'upper_tier' then 5
        when 'region' then 6
        else 7
    end as area_type_order,
    area_code,
    area_name,
    section_code,
    section_name,
    case when area_type = 'lpu' then area_code end as unit_code,
    case when area_type = 'lpu' then area_name end as unit_name
from placed
