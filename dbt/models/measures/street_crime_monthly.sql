{{ by_month('mart_street_crime', ref('street_crime_events')) }}
