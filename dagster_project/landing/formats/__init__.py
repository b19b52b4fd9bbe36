"""File formats: from bytes to cells.

`containers` unpacks a file, `decode` finds its encoding, `excel` (and `failed_and_hidden_cells`) makes CSV of a workbook's
sheets. `header_row` finds the separator and the row of headers, `header_columns` the column of each. `csv_reader` (and
`quoted_csv`) reads the cells and gives each row its line; `parquet` does so for Parquet.
"""
