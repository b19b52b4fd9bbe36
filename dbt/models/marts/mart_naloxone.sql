{{ conform('mart_naloxone', ref('naloxone_monthly')) }}
