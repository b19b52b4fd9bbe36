{{ report_table('assets_to_date', ['to_date']) }}
