{{ conform('mart_incidents', ref('incidents_monthly')) }}
