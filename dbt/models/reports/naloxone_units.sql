{{ config(materialized='night_view') }}
{{ report_table('naloxone_units', ['administrations']) }}
