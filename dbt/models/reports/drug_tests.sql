{{ report_table('drug_tests', ['since_start', 'rolling']) }}
