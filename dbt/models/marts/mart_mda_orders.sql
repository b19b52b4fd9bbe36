{{ conform('mart_mda_orders') }}
