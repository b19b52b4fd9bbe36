{#- The constants of an XmR chart, as in NHSRplotthedots: https://github.com/nhs-r-community/NHSRplotthedots -#}
{% macro chart_constant(name) -%}
{%- set constants = {
    'screened above': 'cast(3.267 as double)',
    'limit': 'cast(2.66 as double)',
    'near limit': '(2 * (cast(2.66 as double) / 3))',
} -%}
{{ constants[name] }}
{%- endmacro %}
