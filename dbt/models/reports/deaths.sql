{{ config(materialized='night_view') }}
{{ report_table('deaths', ['derbyshire', 'derby']) }}
