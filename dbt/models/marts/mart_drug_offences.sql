{{ conform('mart_drug_offences') }}
