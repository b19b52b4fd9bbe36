{{ report_table('prevention_activity', ['activities', 'quantity']) }}
