{#- Short English month name of a month number 1-12. -#}
{% macro month_name(number) -%}
substr('JanFebMarAprMayJunJulAugSepOctNovDec', ({{ number }} - 1) * 3 + 1, 3)
{%- endmacro %}

{#- Months since year 0. -#}
{% macro month_no(day) -%}
(year({{ day }}) * 12 + month({{ day }}) - 1)
{%- endmacro %}

{#- The label of twelve months over two years: `2024/25`. -#}
{% macro year_pair(first_year) -%}
concat(cast({{ first_year }} as string), '/', substr(cast({{ first_year }} + 1 as string), 3, 2))
{%- endmacro %}

{#- The first year of a day's financial year (April to March). -#}
{% macro financial_year(day) -%}
(case when month({{ day }}) >= 4 then year({{ day }}) else year({{ day }}) - 1 end)
{%- endmacro %}
