{{ report_table('school_inputs', [
    'inputs_before', 'inputs', 'young_people_before', 'young_people',
]) }}
