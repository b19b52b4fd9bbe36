{#- A cell as it is printed: thousands by commas, pounds and per cent by their signs, places as the unit has them, and a marker
    where there is no figure or only a part of one. -#}
{% macro printed(cell) -%}
case
        when {{ cell }}.asked_id is null or {{ cell }}.data_status = 'not_applicable' then '[z]'
        when {{ cell }}.value is null then '[x]'
        else concat(
            case when {{ cell }}.value < 0 then '-' else '' end,
            case when {{ cell }}.unit = 'gbp' and {{ cell }}.shows <> 'pct_change' then '£' else '' end,
            {%- for places in [0, 1, 2] %}
            case when {{ places_of(cell) }} = {{ places }} then {{ grouped('abs(' ~ cell ~ '.value)', places) }} else '' end,
            {%- endfor %}
            case when {{ is_percent(cell) }} then '%' else '' end,
            case when {{ cell }}.data_status = 'partial' then ' [p]' else '' end,
            case when {{ cell }}.is_revised = 1 then ' [r]' else '' end
        )
    end
{%- endmacro %}

{#- What is to be said of a cell: [z] not applicable, [x] not available, [p] provisional (a part of the period), [r] revised
    since an edition printed it. -#}
{% macro marker(cell) -%}
case
        when {{ cell }}.asked_id is null or {{ cell }}.data_status = 'not_applicable' then '[z]'
        when {{ cell }}.value is null then '[x]'
        when {{ cell }}.data_status = 'partial' and {{ cell }}.is_revised = 1 then '[p] [r]'
        when {{ cell }}.data_status = 'partial' then '[p]'
        when {{ cell }}.is_revised = 1 then '[r]'
    end
{%- endmacro %}

{% macro is_percent(cell) -%}
({{ cell }}.shows = 'pct_change' or ({{ cell }}.unit = 'percent' and {{ cell }}.shows in ('value', 'prior_value')))
{%- endmacro %}

{% macro places_of(cell) -%}
coalesce({{ cell }}.decimals, case
                when {{ cell }}.shows = 'pct_change' or {{ cell }}.unit in ('percent', 'per_100k') then 1 else 0 end)
{%- endmacro %}

{#- A number of 0 or more with commas between thousands and a fixed number of places, halves rounded up. -#}
{% macro grouped(number, places) %}{{ return(adapter.dispatch('grouped', 'pam_warehouse')(number, places)) }}{% endmacro %}
{% macro default__grouped(number, places) %}format_number(cast({{ number }} as decimal(28, 10)), {{ places }}){% endmacro %}
{% macro duckdb__grouped(number, places) -%}
format('{:,}', cast(floor(round({{ number }}, {{ places }})) as bigint))
{%- if places %} || substr(cast(cast(round({{ number }}, {{ places }}) % 1 as decimal(28, {{ places }})) as varchar), 2){% endif %}
{%- endmacro %}

{#- One printed table: a row a printed row of an edition, a column a printed column, as text with its markers. The numbers
    behind it are in `reports.cells`. -#}
{% macro report_table(name, columns) -%}
select
    edition,
    row_no,
    row_label
    {%- for column in columns %},
    max(case when column_name = '{{ column }}' then printed end) as {{ column }}
    {%- endfor %}
from {{ ref('cells') }}
where table_name = '{{ name }}'
group by edition, row_no, row_label
{%- endmacro %}
