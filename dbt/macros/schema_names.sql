{#- Schemas are called as they are configured (`marts`), with no prefix: a home is one warehouse, not a developer's copy of it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
