{{ mart_from_months('mart_community_voices') }}
