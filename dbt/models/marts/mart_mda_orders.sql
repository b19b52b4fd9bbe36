{{ conform('mart_mda_orders', ref('mda_orders_monthly')) }}
