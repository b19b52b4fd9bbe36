{{ mart_from_months('mart_prevention_activity') }}
