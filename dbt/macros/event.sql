{#- The columns that every event has, whatever its subject: which source row it is, where and when, and what it adds to what.

    Used as `select {{ event('created_at', 'incidents_drugs') }} from ...`. `category` and `amount` are SQL; the row counts 1 in
    `all` unless they say otherwise. A row whose date or amount is missing is not an event: filter it, or it adds nothing. -#}
{% macro event(happened, measure, category="'all'", amount='1', extract=none, leaf='unit_code', leaf_name='null') -%}
'{{ extract }}' as extract, load_id, line, force_code,
    cast({{ leaf }} as string) as leaf_code, cast({{ leaf_name }} as string) as leaf_name,
    cast({{ happened }} as date) as event_on, '{{ measure }}' as measure,
    {{ category }} as category, cast({{ amount }} as decimal(28, 10)) as amount
{%- endmacro %}
