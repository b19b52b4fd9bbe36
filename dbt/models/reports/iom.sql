{{ report_table('iom', ['to_date']) }}
