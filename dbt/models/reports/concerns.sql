{{ config(materialized='view') }}
{{ report_table('concerns', ['responses']) }}
