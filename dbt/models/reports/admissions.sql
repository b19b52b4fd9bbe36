{{ config(materialized='night_view') }}
{{ report_table('admissions', ['derbyshire', 'derby', 'england']) }}
