"""What every package uses: the `home`, its settings and their defaults (`config`), receipts, errors, permissions, locks, SQL
and file helpers; `cell_text` writes values as text that no spreadsheet takes for a formula.

Imports nothing else of the warehouse.
"""
