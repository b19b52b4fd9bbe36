{{ conform('mart_drug_offences', ref('drug_offences_monthly')) }}
