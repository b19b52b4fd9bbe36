{{ report_table('pspo', ['orders_active', 'orders_new', 'penalties', 'share', 'prosecutions']) }}
