{{ by_month('mart_stop_search', ref('stop_search_events')) }}
