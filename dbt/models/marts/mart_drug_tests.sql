{{ conform('mart_drug_tests') }}
