{{ mart_from_months('mart_drug_tests') }}
