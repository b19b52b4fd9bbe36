{{ config(materialized='view') }}
{{ report_table('admissions', ['derbyshire', 'derby', 'england']) }}
