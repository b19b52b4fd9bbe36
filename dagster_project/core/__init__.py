"""What every package uses: the `home`, its settings and their defaults (`config`), receipts, errors, permissions, locks, SQL
and file helpers.

`published_file` opens the published night so that a query can write nothing, `home_lists` reads the project's lists with
those of the home, `night_lock` keeps a second night out, and `cell_text` writes values as text that no spreadsheet takes for a
formula.

Imports nothing else of the warehouse.
"""
