{{ conform('mart_county_lines', ref('county_lines_monthly')) }}
