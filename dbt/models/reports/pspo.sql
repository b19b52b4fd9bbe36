{{ config(materialized='night_view') }}
{{ report_table('pspo', ['orders_active', 'orders_new', 'penalties', 'share', 'prosecutions']) }}
