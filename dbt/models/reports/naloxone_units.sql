{{ config(materialized='view') }}
{{ report_table('naloxone_units', ['administrations']) }}
