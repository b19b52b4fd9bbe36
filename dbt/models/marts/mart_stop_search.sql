{{ conform('mart_stop_search', ref('stop_search_monthly')) }}
