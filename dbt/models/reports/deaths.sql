{{ config(materialized='view') }}
{{ report_table('deaths', ['derbyshire', 'derby']) }}
