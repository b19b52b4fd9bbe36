{{ report_table('mda_recipients', ['last_financial_year']) }}
