{{ by_month('mart_incidents', ref('incidents_events')) }}
