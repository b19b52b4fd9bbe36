{{ conform('mart_intelligence') }}
