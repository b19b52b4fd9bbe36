{{ by_month('mart_cash_seizures', ref('cash_seizures_events')) }}
