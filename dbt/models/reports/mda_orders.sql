{{ config(materialized='view') }}
{{ report_table('mda_orders', ['orders', 'order_value', 'police_value', 'charity_value']) }}
