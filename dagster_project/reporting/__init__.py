"""What people look at: the report as pages, document and workbook (`pack`), the `dashboard`, and the `catalogue`."""
