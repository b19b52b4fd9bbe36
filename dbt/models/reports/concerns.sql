{{ report_table('concerns', ['responses']) }}
