{{ report_table('intelligence', ['two_years_before', 'year_before', 'this_year']) }}
