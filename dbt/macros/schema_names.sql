{#- Schemas have their configured names (`marts`) without a prefix: a home is one warehouse, not a developer's copy. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}

{#- dbt-duckdb's own macro looks for the database's name with its quotes and finds nothing, so that dbt makes every schema again. -#}
{% macro duckdb__list_schemas(database) -%}
{{ return(run_query("select schema_name from duckdb_schemas() where database_name = '" ~ database | replace('"', '') ~ "'")) }}
{%- endmacro %}
