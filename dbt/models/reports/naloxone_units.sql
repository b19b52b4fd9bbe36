{{ report_table('naloxone_units', ['administrations']) }}
