{{ by_month('mart_pspo', ref('pspo_events')) }}
