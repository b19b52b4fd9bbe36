{{ config(materialized='view') }}
{{ report_table('naloxone', ['administrations']) }}
