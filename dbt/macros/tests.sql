{#- A staging model has current versions only: each row has its date and its key, and no key appears twice.
    Rows of data.police.uk have no key (`keyless`): they are identified by file and line. -#}
{% test one_current_version(model, key, date, keyless=false) %}
{%- if not key -%}
    {%- set known_by = 'load_id, line' -%}
{%- elif keyless -%}
    {%- set known_by = 'force_code, coalesce(' ~ key[0] ~ ", concat(load_id, ' ', line))" -%}
{%- else -%}
    {%- set known_by = 'force_code, ' ~ key | join(', ') -%}
{%- endif %}
{%- set needed = [date] if date else [] -%}
{%- if not keyless -%}{%- set needed = (needed + (key or [])) | unique | list -%}{%- endif %}
{#- Grouped, because a window function would carry whole rows. Counts instead of a sum of cases: if a column is all null, DuckDB
    2.0 takes such a sum for 0. -#}
with counted as (
    select
        {{ known_by }},
        {%- for column in needed %}
        count({{ column }}) as with_{{ column }},
        {%- endfor %}
        count(*) as versions
    from {{ model }}
    group by {{ known_by }}
)

select * from counted
where versions > 1{% for column in needed %} or with_{{ column }} < versions{% endfor %}
{% endtest %}

{#- No two rows share these columns. -#}
{% test unique_together(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
