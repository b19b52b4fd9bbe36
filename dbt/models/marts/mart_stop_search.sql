{{ mart_from_months('mart_stop_search') }}
