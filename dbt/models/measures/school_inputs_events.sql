-- Report 3.10.
select {{ event('delivered_on', 'inputs_delivered', category('phase'), extract='school_inputs') }}
from {{ ref('stg_school_inputs') }}
union all
select {{ event('delivered_on', 'young_people_engaged', category('phase'), 'young_people', extract='school_inputs') }}
from {{ ref('stg_school_inputs') }}
where young_people is not null
