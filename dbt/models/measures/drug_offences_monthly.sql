{{ by_month('mart_drug_offences', ref('drug_offences_events')) }}
