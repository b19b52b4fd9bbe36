{{ config(materialized='view') }}
{{ report_table('cash_seizures', [
    'orders_obtained', 'orders_obtained_value', 'under_investigation_value', 'forfeiture_orders',
    'forfeiture_value',
]) }}
