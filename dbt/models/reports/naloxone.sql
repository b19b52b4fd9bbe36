{{ report_table('naloxone', ['administrations']) }}
