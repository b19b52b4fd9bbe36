{{ report_table('public_health', [
    'drug_misuse_deaths', 'drug_misuse_death_rate', 'alcohol_admission_rate', 'treatment_registrations',
    'treatment_change',
]) }}
