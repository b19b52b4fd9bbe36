{{ config(materialized='night_view') }}
{{ report_table('prevention_activity', ['activities', 'quantity']) }}
