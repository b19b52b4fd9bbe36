{{ conform('mart_confiscation_orders', ref('confiscation_orders_monthly')) }}
