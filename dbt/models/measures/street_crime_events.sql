{{ config(materialized='night_view') }}
-- The district is the name of a neighbourhood (`Amber Valley 001A`) without its last word.
with districts as (
    select *, trim(regexp_replace(lsoa_name, '[^ ]+$', '')) as district
    from {{ ref('stg_street_crime') }}
),

named as (
    select
        *,
        coalesce(nullif({{ slug('district') }}, ''), 'unknown') as district_code,
        coalesce(nullif(district, ''), 'Not recorded') as district_name
    from districts
)

select
    {{ event('month', 'crimes', category('crime_type'), extract='street_crime', leaf='district_code', leaf_name='district_name') }}
from named
