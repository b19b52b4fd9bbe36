-- Report 4.4-4.8.
select {{ event('order_date', 'orders', category('recipient'), extract='mda_orders') }}
from {{ ref('stg_mda_orders') }}
union all
select {{ event('order_date', 'order_value', category('recipient'), 'amount', extract='mda_orders') }}
from {{ ref('stg_mda_orders') }}
where amount is not null
