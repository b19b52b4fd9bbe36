{{ config(materialized='view') }}
{{ report_table('incidents', ['incidents', 'records_of_contact']) }}
