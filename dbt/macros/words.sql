{#- Whether a value of a classifying column counts as something, by the vocabulary; of a `;`-separated list (as landing stores it:
    trimmed items, no blanks round the `;`) any item. Case is not regarded. -#}
{% macro counts_as(what, extract, column, is_list=false) -%}
exists (
        select 1 from {{ source('raw', 'vocabulary') }} as words
        where words.extract = '{{ extract }}' and words.column_name = '{{ column }}' and words.counts_as = '{{ what }}'
            {%- if is_list %}
            and instr(concat(';', lower(coalesce(rows_asked.{{ column }}, '')), ';'), concat(';', words.value, ';')) > 0
            {%- else %}
            and lower(rows_asked.{{ column }}) = words.value
            {%- endif %}
    )
{%- endmacro %}

{#- What a row is split by; a blank one is `Not recorded`, so that all = the sum of the categories. A source's own `all` is
    `All`: marts call the sum so, and would count such rows in it twice. -#}
{% macro category(column) -%}
coalesce(case when {{ column }} = 'all' then 'All' else {{ column }} end, 'Not recorded')
{%- endmacro %}

{#- A name as a code: lower case, everything but letters and digits a hyphen. -#}
{% macro slug(column) -%}
trim(both '-' from {{ replace_all('lower(' ~ column ~ ')', '[^a-z0-9]+', '-') }})
{%- endmacro %}

{#- Short English month name of a month number 1-12. -#}
{% macro month_name(number) -%}
substr('JanFebMarAprMayJunJulAugSepOctNovDec', ({{ number }} - 1) * 3 + 1, 3)
{%- endmacro %}

{#- Months since year 0: what periods are counted in. -#}
{% macro month_no(day) -%}
(year({{ day }}) * 12 + month({{ day }}) - 1)
{%- endmacro %}

{#- Twelve months from April or another month: `2024/25`. -#}
{% macro year_pair(first_year) -%}
concat(cast({{ first_year }} as string), '/', substr(cast({{ first_year }} + 1 as string), 3, 2))
{%- endmacro %}

{#- The year in which a day's financial year (April to March) begins. -#}
{% macro financial_year(day) -%}
(case when month({{ day }}) >= 4 then year({{ day }}) else year({{ day }}) - 1 end)
{%- endmacro %}
