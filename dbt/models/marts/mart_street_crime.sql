{{ conform('mart_street_crime', ref('street_crime_monthly'), districts=true) }}
