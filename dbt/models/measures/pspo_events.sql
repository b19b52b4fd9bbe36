-- Report 2.9-2.11. An order is active from its first day to the day before it ends: +1 when it starts, -1 when it ends.
with orders as (
    select * from {{ ref('stg_pspos') }}
),

penalties as (
    select * from {{ ref('stg_pspo_enforcement') }}
    where kind = 'Fixed penalty notice'
)

select {{ event('starts_on', 'pspos_new', category('authority'), extract='pspos') }}
from orders
union all
select {{ event('starts_on', 'pspos_active', category('authority'), extract='pspos') }}
from orders
where ends_on is null or ends_on > starts_on
union all
select {{ event('ends_on', 'pspos_active', category('authority'), '-1', extract='pspos') }}
from orders
where ends_on > starts_on
union all
select {{ event('enforced_on', 'fpns_issued', category('authority'), extract='pspo_enforcement') }}
from penalties
union all
select {{ event('enforced_on', 'prosecutions', category('authority'), extract='pspo_enforcement') }}
from {{ ref('stg_pspo_enforcement') }}
where kind = 'Prosecution'
union all
select {{ event('enforced_on', 'fpns_issued_by_team', category('issuing_team'), extract='pspo_enforcement') }}
from penalties
