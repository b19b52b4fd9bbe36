{{ config(materialized='night_view') }}
{{ report_table('community_voices', ['rolling_before', 'rolling']) }}
