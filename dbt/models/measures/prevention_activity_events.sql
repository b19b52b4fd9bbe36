-- Report 2.4-2.7, 5.12.
select {{ event('activity_on', 'activities', category('activity'), extract='prevention_activity') }}
from {{ ref('stg_prevention_activity') }}
union all
select {{ event('activity_on', 'activity_quantity', category('activity'), 'quantity', extract='prevention_activity') }}
from {{ ref('stg_prevention_activity') }}
where quantity is not null
