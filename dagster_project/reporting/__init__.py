"""What people look at: the report pack, the dashboard and the catalogue."""
