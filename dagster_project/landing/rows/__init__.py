"""Rows: from cells to the contract's values, with the reasons why a row is not stored.

`file_table` has the SQL of a file's cells, `keep_only_records` leaves out what is no record, `parse_values` reads each cell as
its type: dates, times, numbers, codes. `row_rules` checks each row, `duplicate_rows` finds those that repeat others.
`parse_values` also says which values are hashed, as people and addresses are; `pseudonyms` has the key and the hash, which
`duckdb_connection` makes a function of DuckDB.
"""
