{#- Schemas have their configured names (`marts`) without a prefix: a home is one warehouse, not a developer's copy. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
