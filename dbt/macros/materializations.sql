{#- The project's own ways to make a table or a view; dbt's own `table`, `view` and `incremental` are not changed.

    They create or replace a relation directly, because nobody reads the candidate: dbt's own look for an old relation, rename
    and drop take two thirds of a small night. A second run on the same candidate (`pam dbt run -s mart_incidents`) replaces
    what is there. A contract is checked against the new table, not against the query, which would have to be planned again.

    - `night_table`: replaced each time.
    - `night_view`: the same for a view.
    - `night_months`: a table that still has the figures of the night before, if the night builds in part. Only the rows that
      change (`figures_to_rebuild`) are replaced, as `meta.rebuilds` says: `figures`, `facts` or whole `series` of complete months. -#}
{% materialization night_table, adapter='duckdb', supported_languages=['sql'] %}
    {{ return({'relations': [make_on_duckdb(sql, 'table')]}) }}
{% endmaterialization %}

{% materialization night_view, adapter='duckdb', supported_languages=['sql'] %}
    {{ return({'relations': [make_on_duckdb(sql, 'view')]}) }}
{% endmaterialization %}

{% macro make_on_duckdb(sql, kind) %}
    {%- set relation = this.incorporate(type=kind) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create or replace {{ kind }} {{ relation }} as (
            {{ sql }}
        )
    {%- endcall %}
    {{ finish_relation(relation) }}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return(relation) }}
{% endmacro %}

{% materialization night_months, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- set in_part = is_in_part() -%}
    {%- if in_part and should_full_refresh() -%}
        {{ exceptions.raise_compiler_error('--full-refresh: this night keeps figures of the night before and makes only those that'
            ~ ' change. `pam nightly --rebuild` makes all of them') }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if in_part -%}
        {% call statement('delete') -%}
            {{ delete_rebuilt(target_relation, meta.rebuilds) }}
        {%- endcall %}
    {%- endif -%}
    {%- for mart in (marts_to_build() if meta.mart_by_mart else [none]) -%}
        {%- if meta.mart_by_mart -%}
            {% do run_query('set variable current_mart = ' ~ ("'" ~ mart ~ "'" if mart else 'null')) %}
        {%- endif -%}
        {% call statement('main') -%}
            {{ 'create or replace table ' ~ target_relation ~ ' as' if loop.first and not in_part else 'insert into ' ~ target_relation ~ ' by name' }} (
                {{ sql }}
            )
        {%- endcall %}
    {%- endfor -%}
    {%- if not in_part -%}
        {{ finish_relation(target_relation) }}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- `persist_docs` in one statement: dbt's own reads the columns twice and sends two statements, a sixth of a night's time.
    A described column that does not exist is an error, not a warning. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {%- set about_relation = for_relation and config.persist_relation_docs() and model.description -%}
    {%- set about_columns = for_columns and config.persist_column_docs() -%}
    {%- if about_relation or about_columns -%}
        {% call statement('comments') -%}
            {%- if about_relation -%}
                {{ duckdb__alter_relation_comment(relation, model.description) }}
            {%- endif -%}
            {%- for column in (model.columns.values() if about_columns else []) -%}
                comment on column {{ relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
            {%- endfor -%}
        {%- endcall %}
    {%- endif -%}
{% endmacro %}

{#- Contract and comments of a new table or view. -#}
{% macro finish_relation(relation) %}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent('select * from ' ~ relation) }}
    {%- endif -%}
    {% do persist_docs(relation, model) %}
{% endmacro %}

{#- The marts to build one after another, with `rebuilt_in_current_mart`; `[none]`: all at once. DuckDB runs all aggregates of the
    query at once, and tens of millions of figures do not fit into a night's memory, nor can all of it be spilled. No fact is
    about several marts. -#}
{% macro marts_to_build() %}
    {%- set figures = run_query("select coalesce(sum(estimated_size), 0) from duckdb_tables() where schema_name = 'marts'") -%}
    {%- if figures.rows[0][0] | int < var('many_figures') -%}
        {{ return([none]) }}
    {%- endif -%}
    {%- set marts = run_query('select distinct mart from ' ~ ref('figures_to_rebuild') ~ ' order by mart').columns[0].values() | list -%}
    {{ return(marts or [none]) }}
{% endmacro %}

{#- `figures_to_rebuild` of the mart that is built now. Only for models that are built mart by mart (`meta.mart_by_mart`). -#}
{% macro rebuilt_in_current_mart() %}{{ return(adapter.dispatch('rebuilt_in_current_mart', 'pam_warehouse')()) }}{% endmacro %}
{% macro default__rebuilt_in_current_mart() %}{{ ref('figures_to_rebuild') }}{% endmacro %}
{% macro duckdb__rebuilt_in_current_mart() -%}
(select * from {{ ref('figures_to_rebuild') }} where getvariable('current_mart') is null or mart = getvariable('current_mart'))
{%- endmacro %}

{#- Whether the tables have the figures of the night before, of which only some are replaced. -#}
{% macro is_in_part() %}
{{- return(run_query('select is_in_part from ' ~ source('raw', 'night')).rows[0][0]) }}
{%- endmacro %}

{#- Deletes the rows about to be replaced: `figures` of a mart, by the month in which their period ends, `facts` about them, or whole
    `series` of complete months, with all of their months, if one of these may change. -#}
{% macro delete_rebuilt(relation, what) -%}
delete from {{ relation }} as existing
using {{ ref('figures_to_rebuild') }} as rebuilt
where rebuilt.mart = {% if what == 'figures' %}'{{ relation.identifier }}'{% else %}existing.mart{% endif %}
    and rebuilt.force_code = existing.force_code
    {%- if what == 'series' %}
    and rebuilt.has_complete_months
    {%- else %}
    and {% if what == 'facts' %}existing.month_no{% else %}{{ month_no('existing.period_end') }}{% endif %} >= rebuilt.from_month_no
    {%- endif %}
{%- endmacro %}
