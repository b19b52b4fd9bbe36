{{ config(materialized='night_table') }}
-- The tables and charts of each edition, in the order of the report.
select
    edition,
    table_no,
    table_name,
    kind,
    chart,
    objective,
    paragraph,
    title,
    rows_are,
    data_to,
    notes
from {{ source('raw', 'report_tables') }}
