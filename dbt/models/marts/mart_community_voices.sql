{{ conform('mart_community_voices') }}
