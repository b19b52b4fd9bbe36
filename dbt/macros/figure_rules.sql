{#- The rules that figures are held against, in the order of the columns that count how often each is broken. -#}
{% macro figure_rules() %}
{{- return([
    'repeated_rows', 'all_not_its_categories', 'force_not_its_units', 'sections_not_the_rest', 'year_not_its_months',
    'percent_out_of_range', 'numerator_over_denominator', 'rate_not_its_parts', 'value_without_coverage',
    'no_value_in_coverage', 'change_not_the_difference', 'count_not_whole',
]) }}
{%- endmacro %}

{#- A select of what breaks one rule, `n` times each row, in the shape of all of them. -#}
{% macro breaks(rule, relation, n='1') -%}
select
        mart, force_code, measure, month_no, 0 as figures
        {%- for column in figure_rules() %},
        {{ n if column == rule else 0 }} as {{ column }}
        {%- endfor %}
    from {{ relation }}
{%- endmacro %}
