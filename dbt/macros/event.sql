{#- The columns of an event: its source row, place and day, and what it adds to which measure.

    Used as `select {{ event('created_at', 'incidents_drugs', extract='incidents') }} from ...`. `category` and `amount` are SQL; by default the row
    counts 1 in `all`. Filter rows without a date or amount: they are not events. `extract` must be given. -#}
{% macro event(happened, measure, category="'all'", amount='1', extract=none, leaf='unit_code', leaf_name='null') -%}
{%- if not extract %}{{ exceptions.raise_compiler_error("event('" ~ measure ~ "') needs extract='NAME'") }}{% endif -%}
'{{ extract }}' as extract, load_id, line, force_code,
    cast({{ leaf }} as string) as leaf_code, cast({{ leaf_name }} as string) as leaf_name,
    cast({{ happened }} as date) as event_on, '{{ measure }}' as measure,
    {{ category }} as category, cast({{ amount }} as decimal(28, 10)) as amount
{%- endmacro %}
