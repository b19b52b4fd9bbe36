{{ by_month('mart_iom', ref('iom_events')) }}
