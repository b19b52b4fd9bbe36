{#- The subjects whose events are added up, each with its mart, in the order of the report. Public health is not one: its figures
    are taken as published. -#}
{% macro subjects() %}
{{- return([
    'drug_offences', 'naloxone', 'drug_tests', 'stop_search', 'county_lines', 'op_trapped', 'school_inputs',
    'confiscation_orders', 'cash_seizures', 'mda_orders', 'incidents', 'intelligence', 'pspo', 'iom', 'community_voices',
    'street_crime', 'prevention_activity',
]) }}
{%- endmacro %}
