{#- The rules for figures, in the order of the columns that count how often each is broken. `which`: `together`, rules about
    several figures, `one by one`, rules about single figures, or `all`. -#}
{% macro gate_figure_rules(which='all') %}
{%- set together = [
    'repeated_rows', 'all_not_its_categories', 'force_not_its_units', 'sections_not_the_rest', 'year_not_its_months',
] -%}
{%- set one_by_one = [
    'percent_out_of_range', 'numerator_over_denominator', 'rate_not_its_parts', 'value_without_coverage',
    'no_value_in_coverage', 'change_not_the_difference', 'count_not_whole',
] -%}
{{- return({'all': together + one_by_one, 'together': together, 'one by one': one_by_one}[which]) }}
{%- endmacro %}

{#- The columns of rows that each break one rule `n` times: used as `select {{ breaks('repeated_rows', 'n') }} from ...`. -#}
{% macro breaks(rule, n='1') -%}
mart, force_code, measure, month_no,
    {%- for column in gate_figure_rules() %} {{ n if column == rule else 0 }} as {{ column }},{% endfor %} 0 as figures
{%- endmacro %}
