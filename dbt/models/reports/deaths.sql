{{ report_table('deaths', ['derbyshire', 'derby']) }}
