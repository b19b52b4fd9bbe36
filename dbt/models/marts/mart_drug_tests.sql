{{ conform('mart_drug_tests', ref('drug_tests_monthly')) }}
