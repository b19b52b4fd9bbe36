{{ config(materialized='night_table') }}
-- An extract may have a unit's code or its name.
select force_code, lower(area_code) as unit_name, area_code as unit_code
from {{ ref('areas_listed') }}
where area_type = 'lpu' and area_code <> 'unknown'
union
select force_code, lower(area_name) as unit_name, area_code as unit_code
from {{ ref('areas_listed') }}
where area_type = 'lpu' and area_code <> 'unknown'
