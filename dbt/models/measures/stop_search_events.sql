-- Report 3.2-3.3. Rows of data.police.uk have no reference, and do not say whether the object was found.
with searches as (
    select * from {{ ref('stg_stop_search') }}
),

drug_searches as (
    select * from searches as source_rows
    where {{ counts_as('Drugs', 'stop_search', 'object_of_search') }}
)

select {{ event('searched_at', 'searches', category('legislation'), extract='stop_search') }}
from searches
union all
select {{ event('searched_at', 'drug_searches', category('legislation'), extract='stop_search') }}
from drug_searches
union all
select {{ event('searched_at', 'drug_finds', category('legislation'), extract='stop_search') }}
from drug_searches
where object_found = 'Y'
union all
select {{ event('searched_at', 'drug_searches_recording_finds', category('legislation'), extract='stop_search') }}
from drug_searches
where search_ref is not null
union all
select {{ event('searched_at', 'drug_searches_by_outcome', category('outcome'), extract='stop_search') }}
from drug_searches
union all
select {{ event('searched_at', 'drug_searches_by_ethnicity', category('self_defined_ethnicity'), extract='stop_search') }}
from drug_searches
union all
select {{ event('searched_at', 'drug_searches_by_age', category('age_range'), extract='stop_search') }}
from drug_searches
