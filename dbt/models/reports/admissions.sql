{{ report_table('admissions', ['derbyshire', 'derby', 'england']) }}
