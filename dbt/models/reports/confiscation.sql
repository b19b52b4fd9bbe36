{{ config(materialized='view') }}
{{ report_table('confiscation', [
    'orders', 'order_value', 'benefit_value', 'compensation_value', 'aris_returns',
]) }}
