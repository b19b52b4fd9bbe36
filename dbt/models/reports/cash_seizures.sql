{{ report_table('cash_seizures', ['year_1', 'year_2', 'year_3', 'year_4', 'year_5', 'year_6']) }}
