-- Report 7.6-7.7.
with visits as (
    select * from {{ ref('stg_iom_visits') }}
    where lower(operation) = 'knightlow'
)

select {{ event('counted_on', 'cohort_size', amount='cohort_size', extract='iom_cohort') }}
from {{ ref('stg_iom_cohort') }}
where cohort_size is not null
union all
select {{ event('visited_on', 'knightlow_visits', extract='iom_visits') }}
from visits
union all
select {{ event('visited_on', 'knightlow_visits_substance_misuse', extract='iom_visits') }}
from visits
where substance_misuse = 'Y'
