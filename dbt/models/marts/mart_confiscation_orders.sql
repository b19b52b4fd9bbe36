{{ mart_from_months('mart_confiscation_orders') }}
