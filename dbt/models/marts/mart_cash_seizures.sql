{{ conform('mart_cash_seizures', ref('cash_seizures_monthly')) }}
