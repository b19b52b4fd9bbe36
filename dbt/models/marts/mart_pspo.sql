{{ conform('mart_pspo') }}
