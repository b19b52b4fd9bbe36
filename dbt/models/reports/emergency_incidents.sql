{{ report_table('emergency_incidents', ['two_years_before', 'year_before', 'this_year']) }}
