{{ config(materialized='night_view') }}
{{ report_table('death_rates', ['derbyshire', 'derby', 'england']) }}
