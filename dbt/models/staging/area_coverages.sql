{{ config(materialized='night_table') }}
-- Where a file of a force names no units, its extract has a coverage of its own for figures of units and sections: of each
-- coverage, one row a force. `Not recorded` and the force keep the extract's own.
with lacking as (
    select distinct loads.extract, loads.force_code
    from {{ ref('standing_loads') }} as loads
    inner join {{ source('raw', 'absent_columns') }} as absent on loads.load_id = absent.load_id
    where absent.is_unit
),

coverages as (
    select extract as coverage, extract from {{ source('raw', 'contracts') }}
    union all
    select coverage, extract from {{ ref('coverage_limits') }}
)

select
    coverages.coverage,
    coverages.extract,
    lacking.force_code,
    concat(coverages.coverage, '.areas') as area_coverage
from coverages
inner join lacking on coverages.extract = lacking.extract
