{{ mart_from_months('mart_naloxone') }}
