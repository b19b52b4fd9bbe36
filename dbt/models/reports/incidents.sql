{{ report_table('incidents', ['two_years_before', 'year_before', 'this_year']) }}
