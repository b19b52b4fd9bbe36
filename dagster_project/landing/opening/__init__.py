"""Opening a file: `choose_mapping` finds its mapping, `open_file` its table, `text_around_table` the titles and notes around
that, `column_drift` which columns changed since the file before. `file_facts` has what is known of a file by then.
"""
