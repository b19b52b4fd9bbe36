"""PAM Warehouse: police performance figures from raw extracts to published marts."""
