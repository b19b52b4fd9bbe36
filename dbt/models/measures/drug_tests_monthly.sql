{{ by_month('mart_drug_tests', ref('drug_tests_events')) }}
