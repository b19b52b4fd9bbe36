"""What nights cost, measured: scripts that print a table and write JSON. Ratios from one run, side by side, are what counts."""
