{{ by_month('mart_county_lines', ref('county_lines_events')) }}
