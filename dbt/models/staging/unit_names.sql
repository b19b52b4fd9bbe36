{{ config(materialized='night_table') }}
-- An extract may have a unit's code, its name, or another name that the home's own list has.
select force_code, lower(area_code) as unit_name, area_code as unit_code
from {{ ref('areas_listed') }}
where area_type = 'lpu' and area_code <> 'unknown'
union
select force_code, lower(area_name) as unit_name, area_code as unit_code
from {{ ref('areas_listed') }}
where area_type = 'lpu' and area_code <> 'unknown'
union
select force_code, lower(other_name) as unit_name, lpu_code as unit_code
from {{ source('raw', 'own_unit_names') }}
