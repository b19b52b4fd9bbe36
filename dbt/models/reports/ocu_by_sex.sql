{{ report_table('ocu_by_sex', ['derbyshire', 'derby']) }}
