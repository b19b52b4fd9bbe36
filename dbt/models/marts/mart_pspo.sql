{{ mart_from_months('mart_pspo') }}
