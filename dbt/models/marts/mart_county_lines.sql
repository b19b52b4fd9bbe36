{{ mart_from_months('mart_county_lines') }}
