{{ config(materialized='night_view') }}
{{ report_table('concerns', ['responses']) }}
