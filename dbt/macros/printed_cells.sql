{#- A cell as printed: commas between thousands, signs for pounds and per cent, and a marker if there is no figure or only a part.
    The relation has the cell's `digits` (before the point, with commas) and `decimals_text` (the point and what follows). -#}
{% macro printed(cell) -%}
case
        when {{ does_not_apply(cell) }} then '[z]'
        when {{ cell }}.value is null then '[x]'
        else concat(
            case when {{ cell }}.value < 0 then '-' else '' end,
            case when {{ cell }}.unit = 'gbp' and {{ cell }}.shows <> 'pct_change' then '£' else '' end,
            {{ cell }}.digits,
            {{ cell }}.decimals_text,
            case
                when {{ cell }}.shows = 'pct_change' then '%'
                when {{ cell }}.unit = 'percent' and {{ cell }}.shows in ('value', 'prior_value') then '%'
                else coalesce({{ cell }}.sign, '')
            end,
            case when {{ cell }}.data_status = 'partial' then ' [p]' else '' end,
            case when {{ cell }}.is_revised = 1 then ' [r]' else '' end
        )
    end
{%- endmacro %}

{#- The marker of a cell: [z] not applicable, [x] not available, [p] provisional (a part of the period), [r] revised since an
    edition printed it. -#}
{% macro marker(cell) -%}
case
        when {{ does_not_apply(cell) }} then '[z]'
        when {{ cell }}.value is null then '[x]'
        when {{ cell }}.data_status = 'partial' and {{ cell }}.is_revised = 1 then '[p] [r]'
        when {{ cell }}.data_status = 'partial' then '[p]'
        when {{ cell }}.is_revised = 1 then '[r]'
    end
{%- endmacro %}

{#- Whether there can be no figure, whatever the extracts: the cell has none, there is no such measure, or it has no meaning. -#}
{% macro does_not_apply(cell) -%}
{{ cell }}.asked_id is null or {{ cell }}.data_status = 'not_applicable' or {{ cell }}.has_no_meaning = 1
{%- endmacro %}

{#- A number as text, to four decimal places, or ten where four are 0, and without zeros at the end: 55, 1.5. -#}
{% macro plain_number(number) -%}
{%- set rounded = 'case when abs(' ~ number ~ ') < 0.00005 then ' ~ number ~ ' else round(' ~ number ~ ', 4) end' -%}
regexp_replace({{ decimal_text('cast(' ~ rounded ~ ' as decimal(28, 10))') }}, '[.]?0+$', '')
{%- endmacro %}

{#- The column of a figure that a cell or claim names. -#}
{% macro named_column(name, figure) -%}
case {{ name }}
            {%- for column in ['value', 'prior_value', 'volume_change', 'pct_change', 'numerator', 'denominator'] %}
            when '{{ column }}' then {{ figure }}.{{ column }}
            {%- endfor %}
        end
{%- endmacro %}

{#- The status of the column of a figure that a cell or claim names: the year before has its own. -#}
{% macro status_of(name, figure) -%}
case when {{ name }} = 'prior_value' then {{ figure }}.prior_status else {{ figure }}.data_status end
{%- endmacro %}

{#- Whether a column of a figure has no meaning, 0 or 1: no change in per cent from 0, or of a percentage; no rate of nothing, no
    last count where nothing was counted on covered days, nor a change from or to one of these. -#}
{% macro has_no_meaning(name, figure) -%}
case
            when {{ name }} = 'pct_change' and {{ figure }}.pct_change is null and {{ figure }}.volume_change is not null then 1
            when {{ name }} in ('value', 'volume_change', 'pct_change') and {{ figure }}.value is null and {{ figure }}.denominator = 0 then 1
            when {{ name }} = 'value' and {{ figure }}.value is null and {{ figure }}.data_status = 'complete' then 1
            when {{ name }} = 'prior_value' and {{ figure }}.prior_value is null
                and ({{ figure }}.prior_status = 'complete' or ({{ figure }}.unit = 'percent' and {{ figure }}.prior_status = 'partial')) then 1
            when {{ name }} in ('volume_change', 'pct_change') and {{ figure }}.volume_change is null
                and {{ figure }}.data_status = 'complete' and {{ figure }}.prior_status = 'complete' then 1
            else 0
        end
{%- endmacro %}

{#- One printed table: a row for each printed row of an edition, a column for each printed column, as text with markers. The
    numbers are in `reports.cells`. -#}
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
