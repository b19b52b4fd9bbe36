{{ report_table('death_rates', ['derbyshire', 'derby', 'england']) }}
