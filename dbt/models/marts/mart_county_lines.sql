{{ conform('mart_county_lines') }}
