{{ conform('mart_stop_search') }}
