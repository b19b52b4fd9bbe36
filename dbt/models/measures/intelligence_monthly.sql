{{ by_month('mart_intelligence', ref('intelligence_events')) }}
