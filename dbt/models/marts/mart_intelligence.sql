{{ conform('mart_intelligence', ref('intelligence_monthly')) }}
