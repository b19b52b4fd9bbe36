{{ config(materialized='view') }}
{{ report_table('iom', ['to_date']) }}
