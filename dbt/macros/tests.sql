{#- A staging model's rows are the current versions: each has its date and its key, and no key is there twice.
    Rows of data.police.uk have no key (`keyless`): they are known by file and line. -#}
{% test one_current_version(model, key, date, keyless=false) %}
{%- if not key -%}
    {%- set known_by = 'load_id, line' -%}
{%- elif keyless -%}
    {%- set known_by = 'force_code, coalesce(' ~ key[0] ~ ", concat(load_id, ' ', line))" -%}
{%- else -%}
    {%- set known_by = 'force_code, ' ~ key | join(', ') -%}
{%- endif %}
with counted as (
    select
        *,
        count(*) over (partition by {{ known_by }}) as versions
    from {{ model }}
)

select * from counted
where versions > 1
{%- if date %} or {{ date }} is null{% endif %}
{%- if not keyless %}
    {%- for column in key %} or {{ column }} is null{% endfor %}
{%- endif %}
{% endtest %}

{#- No two rows share these columns. -#}
{% test unique_together(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
