{{ conform('mart_street_crime', districts=true) }}
