{{ conform('mart_pspo', ref('pspo_monthly')) }}
