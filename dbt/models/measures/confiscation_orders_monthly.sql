{{ by_month('mart_confiscation_orders', ref('confiscation_orders_events')) }}
