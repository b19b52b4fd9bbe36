{{ config(materialized='view') }}
{{ report_table('drug_tests', ['since_start', 'rolling']) }}
