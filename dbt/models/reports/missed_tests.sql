{{ config(materialized='view') }}
{{ report_table('missed_tests', ['tests_missed']) }}
