{{ by_month('mart_school_inputs', ref('school_inputs_events')) }}
