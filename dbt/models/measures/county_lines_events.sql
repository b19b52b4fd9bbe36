-- Report 3.5-3.6. A line is active from its first day to the day before it closes: +1 on its first day, -1 on the day it closes.
with lines as (
    select * from {{ ref('stg_county_lines') }}
),

outcomes as (
    select * from {{ ref('stg_exploitation_outcomes') }}
)

select {{ event('identified_on', 'lines_identified', extract='county_lines') }}
from lines
union all
select {{ event('closed_on', 'lines_closed', extract='county_lines') }}
from lines
where closed_on is not null
union all
select {{ event('identified_on', 'lines_active', extract='county_lines') }}
from lines
where closed_on is null or closed_on > identified_on
union all
select {{ event('closed_on', 'lines_active', amount='-1', extract='county_lines') }}
from lines
where closed_on > identified_on
union all
select {{ event('outcome_on', 'persons_charged', category('strand'), extract='exploitation_outcomes') }}
from outcomes
where outcome = 'Charged'
union all
select {{ event('outcome_on', 'persons_safeguarded', category('strand'), extract='exploitation_outcomes') }}
from outcomes
where outcome = 'Safeguarded'
