-- Report 4.3. The status of a seizure is its present one, not that at the period's end.
with seizures as (
    select * from {{ ref('stg_cash_seizures') }}
),

forfeitures as (
    select * from {{ ref('stg_forfeiture_orders') }}
)

select {{ event('order_date', 'orders_obtained', category('status'), extract='cash_seizures') }}
from seizures
union all
select {{ event('order_date', 'orders_obtained_value', category('status'), 'amount', extract='cash_seizures') }}
from seizures
where amount is not null
union all
select {{ event('order_date', 'under_investigation_value', amount='amount', extract='cash_seizures') }}
from seizures
where status = 'Under investigation' and amount is not null
union all
select {{ event('order_date', 'forfeiture_orders', extract='forfeiture_orders') }}
from forfeitures
union all
select {{ event('order_date', 'forfeiture_value', amount='amount', extract='forfeiture_orders') }}
from forfeitures
where amount is not null
