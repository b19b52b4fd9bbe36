{{ mart_from_months('mart_mda_orders') }}
