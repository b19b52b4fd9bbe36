{#- Whether a value of a classifying column counts as something, by the vocabulary; for a `;`-separated list (stored without blanks
    round the `;`), whether any item does. Ignores case. The rows are those of the alias `source_rows`. -#}
{% macro counts_as(what, extract, column, is_list=false) -%}
exists (
        select 1 from {{ source('raw', 'vocabulary') }} as words
        where words.extract = '{{ extract }}' and words.column_name = '{{ column }}' and words.counts_as = '{{ what }}'
            {%- if is_list %}
            and instr(concat(';', lower(coalesce(source_rows.{{ column }}, '')), ';'), concat(';', words.value, ';')) > 0
            {%- else %}
            and lower(source_rows.{{ column }}) = words.value
            {%- endif %}
    )
{%- endmacro %}

{#- The category of a row. A blank is `Not recorded`, so that `all` is the sum of the categories. A source's own `all`, in any
    case, becomes `Recorded as all`: in marts `all` is the sum, and to Excel and Power BI `All` is the same word. -#}
{% macro category(column) -%}
coalesce(case when lower({{ column }}) = 'all' then 'Recorded as all' else {{ column }} end, 'Not recorded')
{%- endmacro %}

{#- A name as a code: lower case, everything but letters and digits a hyphen. -#}
{% macro slug(column) -%}
trim(both '-' from {{ replace_all('lower(' ~ column ~ ')', '[^a-z0-9]+', '-') }})
{%- endmacro %}
