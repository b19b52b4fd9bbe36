{{ report_table('missed_tests', ['tests_missed']) }}
