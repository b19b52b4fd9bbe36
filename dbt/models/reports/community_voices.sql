{{ report_table('community_voices', ['rolling_before', 'rolling']) }}
