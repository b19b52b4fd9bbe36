{{ conform('mart_school_inputs') }}
