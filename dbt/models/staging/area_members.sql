{{ config(materialized='night_table') }}
-- The unit itself and the section above it.
select force_code, area_code as leaf_code, area_type, area_code
from {{ ref('areas_listed') }}
where area_type = 'lpu'
union all
select force_code, area_code as leaf_code, 'section' as area_type, section_code as area_code
from {{ ref('areas_listed') }}
where area_type = 'lpu' and section_code is not null
