{{ config(materialized='night_view') }}
{{ report_table('mda_recipients', ['last_financial_year']) }}
