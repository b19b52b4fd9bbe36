"""File formats: from bytes to cells.

`containers` unpacks a file, `decode` finds its encoding. `csv_reader` (and `quoted_csv`), `excel` (and
`failed_and_hidden_cells`) and `parquet` read its cells. `header_row` finds the row of headers, `header_columns` the column of
each.
"""
