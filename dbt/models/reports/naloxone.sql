{{ config(materialized='night_view') }}
{{ report_table('naloxone', ['administrations']) }}
