{{ config(materialized='night_view') }}
{{ report_table('missed_tests', ['tests_missed']) }}
