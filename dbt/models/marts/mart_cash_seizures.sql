{{ mart_from_months('mart_cash_seizures') }}
