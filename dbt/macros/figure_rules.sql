{#- The rules that figures are held against, in the order of the columns that count how often each is broken. `which`: those that
    several figures break together, or those that are asked of one by one. -#}
{% macro figure_rules(which=none) %}
{%- set together = [
    'repeated_rows', 'all_not_its_categories', 'force_not_its_units', 'sections_not_the_rest', 'year_not_its_months',
] -%}
{%- set one_by_one = [
    'percent_out_of_range', 'numerator_over_denominator', 'rate_not_its_parts', 'value_without_coverage',
    'no_value_in_coverage', 'change_not_the_difference', 'count_not_whole',
] -%}
{{- return({'together': together, 'one by one': one_by_one}.get(which, together + one_by_one)) }}
{%- endmacro %}

{#- The columns of what breaks one rule, `n` times each row: used as `select {{ breaks('repeated_rows', 'n') }} from ...`. -#}
{% macro breaks(rule, n='1') -%}
mart, force_code, measure, month_no,
    {%- for column in figure_rules() %} {{ n if column == rule else 0 }} as {{ column }},{% endfor %} 0 as figures
{%- endmacro %}
