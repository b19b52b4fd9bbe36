{{ by_month('mart_community_voices', ref('community_voices_events')) }}
