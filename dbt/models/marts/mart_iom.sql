{{ conform('mart_iom', ref('iom_monthly')) }}
