{#- A night starts from an empty candidate, or replaces what it builds again, so that a table or view is made once and nothing is swapped: the stock
    materialisations' look for an old relation, rename and drop cost two thirds of a small night. A second run into the same
    candidate (`pam dbt run -s mart_incidents`) replaces what is there. A contract is held against the table that was made, whose
    columns are known, not against the query, which would have to be planned once more. Spark keeps its own.

    With `meta: {due: figures}`, `{due: facts}` or `{due: series}`, in a night that holds the figures of the night before, only the
    rows that are due (`figures_due`) are replaced. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set due = config.get('meta', {}).get('due') -%}
    {%- set queries = by_mart(sql) if due == 'facts' else [sql] -%}
    {%- if due and is_in_part() -%}
        {% call statement('gone') -%}
            {{ delete_due(target_relation, due) }}
        {%- endcall %}
        {%- for query in queries -%}
            {% call statement('main') -%}
                insert into {{ target_relation }} by name (
                    {{ query }}
                )
            {%- endcall %}
        {%- endfor -%}
    {%- else -%}
        {%- for query in queries -%}
            {% call statement('main') -%}
                {{ 'create or replace table ' ~ target_relation ~ ' as' if loop.first else 'insert into ' ~ target_relation ~ ' by name' }} (
                    {{ query }}
                )
            {%- endcall %}
        {%- endfor -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent('select * from ' ~ target_relation) }}
        {%- endif -%}
    {%- endif -%}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- What is asked about figures, a mart at a time where they are many: DuckDB counts in all the ways there are at once, and what
    tens of millions of figures need for it does not fit into a night's memory, nor can all of it be spilled. No fact is about
    several marts. -#}
{% macro by_mart(sql) %}
    {%- set figures = run_query("select coalesce(sum(estimated_size), 0) from duckdb_tables() where schema_name = 'marts'") -%}
    {%- if figures.rows[0][0] | int < var('many_figures', 5000000) | int -%}
        {{ return([sql]) }}
    {%- endif -%}
    {%- set due = ref('figures_due') | string -%}
    {%- set queries = [] -%}
    {%- for mart in run_query('select distinct mart from ' ~ due ~ ' order by mart').columns[0].values() -%}
        {%- do queries.append(sql | replace(due, "(select * from " ~ due ~ " where mart = '" ~ mart ~ "')")) -%}
    {%- endfor -%}
    {{ return(queries or [sql]) }}
{% endmacro %}

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

{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {% call statement('main') -%}
        create or replace view {{ target_relation }} as (
            {{ sql }}
        )
    {%- endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
