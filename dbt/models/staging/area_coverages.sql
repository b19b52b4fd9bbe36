{{ config(materialized='night_table') }}
-- If some file of a force has no units, figures of its units and sections have a coverage of their own: one row for each coverage
-- and force. Figures of the force, and of `Not recorded`, keep the extract's coverage.
with lacking as (
    select distinct loads.extract, loads.force_code
    from {{ ref('standing_loads') }} as loads
    inner join {{ source('raw', 'absent_columns') }} as absent on loads.load_id = absent.load_id
    where absent.is_unit
)

select
    coverages.coverage,
    coverages.extract,
    lacking.force_code,
    concat(coverages.coverage, '.areas') as area_coverage
from {{ source('raw', 'coverages') }} as coverages
inner join lacking on coverages.extract = lacking.extract
