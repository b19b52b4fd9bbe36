{{ config(materialized='night_view') }}
{{ report_table('iom', ['to_date']) }}
