{#- The body of every staging model: current rows of one extract, typed as its contract says.

    Rows in `superseded_rows` are left out; `lpu` becomes `unit_code`, the code in the list of areas, or `unknown`. Landing has
    written every value in a canonical text form, so that the casts here can't fail. -#}
{% macro stage(extract) %}
{%- set types = {
    'date': 'date', 'month': 'date', 'timestamp': 'timestamp', 'whole': 'bigint',
    'money': 'decimal(28, 10)', 'number': 'decimal(28, 10)',
} -%}
{%- set table = source('raw', extract) -%}
{%- set unit_names = ref('unit_names') -%}
{%- set columns = {} -%}
{%- if execute -%}
    {%- for node in graph.sources.values() if node.source_name == 'raw' and node.name == extract -%}
        {%- do columns.update(node.columns) -%}
    {%- endfor -%}
{%- endif -%}
{%- set has_units = columns.values() | selectattr('data_type', 'equalto', 'unit') | list | length > 0 -%}
with source as (
    select * from {{ table }}
),

current_rows as (
    select source.*
    from source
    left join {{ ref('superseded_rows') }} as superseded
        on superseded.extract = '{{ extract }}'
        and source._load_id = superseded.load_id
        and source._line = superseded.line
    where superseded.load_id is null
),

final as (
    select
        current_rows._force_code as force_code,
        current_rows._load_id as load_id,
        current_rows._line as line,
        {%- for name, column in columns.items() if not name.startswith('_') %}
        {%- if column.data_type in types %}
        cast(current_rows.{{ name }} as {{ types[column.data_type] }}) as {{ name }},
        {%- else %}
        current_rows.{{ name }},
        {%- endif %}
        {%- endfor %}
        {%- if has_units %}
        coalesce(units.unit_code, 'unknown') as unit_code
        {%- else %}
        cast(null as string) as unit_code
        {%- endif %}
    from current_rows
    {%- if has_units %}
    left join {{ unit_names }} as units
        on current_rows._force_code = units.force_code
        and lower(current_rows.lpu) = units.unit_name
    {%- endif %}
)

select * from final
{% endmacro %}
