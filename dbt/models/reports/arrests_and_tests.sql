{{ report_table('arrests_and_tests', ['trigger_arrests', 'tests_completed']) }}
