"""What every package uses: the `home`, its settings and their defaults (`config`), receipts, errors, permissions, locks, SQL
and file helpers.

Imports nothing else of the warehouse.
"""
