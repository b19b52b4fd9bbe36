{{ by_month('mart_naloxone', ref('naloxone_events')) }}
