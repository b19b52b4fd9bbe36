{{ report_table('county_lines', [
    'lines_identified', 'lines_closed', 'charged_county_lines', 'charged_ocg', 'safeguarded_county_lines',
    'safeguarded_ocg',
]) }}
