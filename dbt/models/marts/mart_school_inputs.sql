{{ conform('mart_school_inputs', ref('school_inputs_monthly')) }}
