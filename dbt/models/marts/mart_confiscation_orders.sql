{{ conform('mart_confiscation_orders') }}
