-- Report 4.1-4.2.
with orders as (
    select * from {{ ref('stg_confiscation_orders') }}
)

select {{ event('order_date', 'orders', category('offence_category'), extract='confiscation_orders') }}
from orders
union all
select {{ event('order_date', 'order_value', category('offence_category'), 'order_value', extract='confiscation_orders') }}
from orders
where order_value is not null
union all
select {{ event('order_date', 'benefit_value', category('offence_category'), 'benefit_value', extract='confiscation_orders') }}
from orders
where benefit_value is not null
union all
select {{ event('order_date', 'compensation_value', category('offence_category'), 'compensation_value', extract='confiscation_orders') }}
from orders
where compensation_value is not null
union all
select {{ event('received_on', 'aris_returns', amount='amount', extract='aris_returns') }}
from {{ ref('stg_aris_returns') }}
where amount is not null
