{{ mart_from_months('mart_school_inputs') }}
