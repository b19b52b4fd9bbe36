{{ config(materialized='view') }}
{{ report_table('emergency_incidents', ['incidents', 'records_of_contact']) }}
