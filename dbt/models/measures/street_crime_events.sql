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
),

-- A row says its month alone: it is placed on the first day of it that its file covers, as landing does.
placed as (
    select
        named.load_id, named.line, named.force_code, named.crime_type, named.district_code, named.district_name,
        greatest(named.month, loads.covered_from) as month -- noqa: RF04
    from named
    left join {{ source('raw', 'loads') }} as loads on named.load_id = loads.load_id
)

select
    {{ event('month', 'crimes', category('crime_type'), extract='street_crime', leaf='district_code', leaf_name='district_name') }}
from placed
