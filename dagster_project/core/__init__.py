"""What every package uses: the home and its settings, receipts, errors, permissions, locks, SQL and file helpers.

Imports nothing else of the warehouse.
"""
