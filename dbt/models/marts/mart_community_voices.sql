{{ conform('mart_community_voices', ref('community_voices_monthly')) }}
