"""Rows: from cells to the contract's values, with the reasons why a row is not stored.

`sheet` has the SQL of a file's cells, `record_rows` leaves out what is no record, `canonical_values` reads each cell as its
type (`uncertain_dates` where day and month may be swapped), `row_rules` checks each row, `duplicate_rows` finds those that
repeat others. `canonical_values` also says which values are hashed, as people and addresses are; `pseudonyms` has the key and
the hash, which `duckdb_connection` makes a function of DuckDB.
"""
