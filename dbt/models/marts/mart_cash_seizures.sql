{{ conform('mart_cash_seizures') }}
