{{ mart_from_months('mart_street_crime', districts=true) }}
