{#- How far files cover a period, from its number of covered days. -#}
{% macro coverage_status(covered_days, first_day, last_day) -%}
case
            when coalesce({{ covered_days }}, 0) = 0 then 'not_available'
            when {{ covered_days }} = {{ days_between(first_day, last_day) }} + 1 then 'complete'
            else 'partial'
        end
{%- endmacro %}

{#- The same of a figure as at the last day of its period, such as a stock. -#}
{% macro end_status(is_end_covered) -%}
case when {{ is_end_covered }} = 1 then 'complete' else 'not_available' end
{%- endmacro %}
