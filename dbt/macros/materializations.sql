{#- The project's own ways to make a table or a view; dbt's own `table`, `view` and `incremental` are as they are everywhere.

    A night starts from a copy of an earlier candidate, or replaces what it builds again, so that a table or view is made once and
    nothing is swapped: the stock materialisations' look for an old relation, rename and drop cost two thirds of a small night. A
    second run into the same candidate (`pam dbt run -s mart_incidents`) replaces what is there. A contract is held against the
    table that was made, whose columns are known, not against the query, which would have to be planned once more.

    - `night_table`: made anew each time.
    - `night_view`: the same, of a view.
    - `night_months`: a table of which a night that holds the figures of the night before replaces only the rows that are due
      (`figures_due`), as `meta.due` says: `figures`, `facts` or whole `series`. -#}
{% materialization night_table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as (
            {{ sql }}
        )
    {%- endcall %}
    {{ finish_made(target_relation) }}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization night_view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create or replace view {{ target_relation }} as (
            {{ sql }}
        )
    {%- endcall %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization night_months, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- set in_part = is_in_part() -%}
    {%- if in_part and should_full_refresh() -%}
        {{ exceptions.raise_compiler_error('--full-refresh: a night that holds figures of the night before makes only those that'
            ~ ' are due. `pam nightly --rebuild` makes all of them') }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if in_part -%}
        {% call statement('gone') -%}
            {{ delete_due(target_relation, meta.due) }}
        {%- endcall %}
    {%- endif -%}
    {%- for mart in (marts_apart() if meta.mart_by_mart else [none]) -%}
        {%- if meta.mart_by_mart -%}
            {% do run_query('set variable mart_asked = ' ~ ("'" ~ mart ~ "'" if mart else 'null')) %}
        {%- endif -%}
        {% call statement('main') -%}
            {{ 'create or replace table ' ~ target_relation ~ ' as' if loop.first and not in_part else 'insert into ' ~ target_relation ~ ' by name' }} (
                {{ sql }}
            )
        {%- endcall %}
    {%- endfor -%}
    {%- if not in_part -%}
        {{ finish_made(target_relation) }}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- `persist_docs` in one statement: dbt's own asks for the columns twice and sends two, which costs a night a sixth more.
    A column that is described and is not there is an error, not a warning. -#}
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

{#- What a table that was made anew still needs. One of which rows are replaced has it. -#}
{% macro finish_made(relation) %}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent('select * from ' ~ relation) }}
    {%- endif -%}
    {% do persist_docs(relation, model) %}
{% endmacro %}

{#- The marts to be asked about one after the other, with `due_now`; none alone: all at once. DuckDB counts in all the ways there
    are at once, and what tens of millions of figures need for it does not fit into a night's memory, nor can all of it be spilled.
    No fact is about several marts. -#}
{% macro marts_apart() %}
    {%- set figures = run_query("select coalesce(sum(estimated_size), 0) from duckdb_tables() where schema_name = 'marts'") -%}
    {%- if figures.rows[0][0] | int < var('many_figures', 5000000) | int -%}
        {{ return([none]) }}
    {%- endif -%}
    {%- set marts = run_query('select distinct mart from ' ~ ref('figures_due') ~ ' order by mart').columns[0].values() | list -%}
    {{ return(marts or [none]) }}
{% endmacro %}

{#- `figures_due`, of the mart alone that is asked about. Only for models that are asked mart by mart (`meta.mart_by_mart`). -#}
{% macro due_now() %}{{ return(adapter.dispatch('due_now', 'pam_warehouse')()) }}{% endmacro %}
{% macro default__due_now() %}{{ ref('figures_due') }}{% endmacro %}
{% macro duckdb__due_now() -%}
(select * from {{ ref('figures_due') }} where getvariable('mart_asked') is null or mart = getvariable('mart_asked'))
{%- endmacro %}

{#- Whether the tables hold the figures of the night before. -#}
{% macro is_in_part() %}
{{- return(run_query('select is_in_part from ' ~ source('raw', 'night')).rows[0][0]) }}
{%- endmacro %}

{#- Deletes what is due: `figures` of a mart, `facts` about them, or whole `series` of them. -#}
{% macro delete_due(relation, what) -%}
delete from {{ relation }} as standing
using {{ ref('figures_due') }} as due
where {{ is_due(relation.identifier, what) }}
{%- endmacro %}

{#- Whether a row of `standing` is due by a row of `due`: figures by the month in which their period ends, series with all of their
    months. -#}
{% macro is_due(mart, what) -%}
due.mart = {% if what == 'figures' %}'{{ mart }}'{% else %}standing.mart{% endif %}
    and due.force_code = standing.force_code
    {%- if what != 'series' %}
    and {% if what == 'facts' %}standing.month_no{% else %}{{ month_no('standing.period_end') }}{% endif %} >= due.from_month_no
    {%- endif %}
{%- endmacro %}
