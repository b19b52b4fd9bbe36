{#- What only Spark needs. Expressions that differ are in portable.sql. -#}

{#- Views that are read often are tables here: Spark plans and computes a view each time it is read. -#}
{% materialization night_view, adapter='spark', supported_languages=['sql'] %}
    {%- set often = model.name.endswith('_events') or model.name in ['measures', 'kept_parts', 'kept_measures'] -%}
    {{ return({'relations': [make_on_spark(sql, 'table' if often else 'view')]}) }}
{% endmaterialization %}

{% materialization night_table, adapter='spark', supported_languages=['sql'] %}
    {{ return({'relations': [make_on_spark(sql, 'table', config.get('meta', {}).get('by_year', false))]}) }}
{% endmaterialization %}

{#- A night on Spark builds all months. -#}
{% materialization night_months, adapter='spark', supported_languages=['sql'] %}
    {{ return({'relations': [make_on_spark(sql, 'table')]}) }}
{% endmaterialization %}

{#- A table is Parquet. The contract of a mart is checked when its rows are copied into the candidate, whose tables have the
    columns and comments already. `monthly` is partitioned by mart, force and financial year. -#}
{% macro make_on_spark(sql, kind, by_year=false) %}
    {%- set relation = this.incorporate(type=kind) -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('drop') -%}
        drop {{ kind }} if exists {{ relation }}
    {%- endcall %}
    {% call statement('main') -%}
        create {{ kind }} {{ relation }}
        {%- if kind == 'table' %} using parquet{% endif %}
        {%- if by_year %} partitioned by (mart, force_code, financial_year){% endif %} as
        {%- if by_year %}
        select *, cast(floor((month_no - 3) / 12) as int) as financial_year from (
            {{ sql }}
        )
        {%- else %}
        {{ sql }}
        {%- endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return(relation) }}
{% endmacro %}

{#- dbt-spark binds a blank cell of a seed as the text `None`, and does not escape quotes: so rows are written as SQL. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {% set sql %}
        insert into {{ this }} values
        {%- for row in agate_table.rows %}
        ({%- for name in agate_table.column_names -%}
            {%- set value = row[name] -%}
            cast({% if value is none %}null{% else %}'{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'{% endif -%}
            {{- ' as ' }}{{ spark_type(types.get(name, 'string')) }}){{ ', ' if not loop.last }}
        {%- endfor -%}){{ ',' if not loop.last }}
        {%- endfor %}
    {% endset %}
    {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {{ return(sql) }}
{% endmacro %}

{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {% call statement('_') -%}
        create table {{ this }} (
            {%- for name in agate_table.column_names %}
            {{ name }} {{ spark_type(types.get(name, 'string')) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) using parquet
    {%- endcall %}
    {{ return('') }}
{% endmacro %}

{% macro spark_type(name) %}{{ return('string' if name == 'varchar' else name) }}{% endmacro %}
