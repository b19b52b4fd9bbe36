{{ by_month('mart_mda_orders', ref('mda_orders_events')) }}
