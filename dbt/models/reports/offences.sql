{{ report_table('offences', [
    'financial_year_before', 'last_financial_year', 'rolling_before', 'rolling', 'volume_change',
    'pct_change',
]) }}
