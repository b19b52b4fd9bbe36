{#- A night starts from an empty candidate, or replaces what it builds again, so that a table or view is made once and nothing is swapped: the stock
    materialisations' look for an old relation, rename and drop cost two thirds of a small night. A second run into the same
    candidate (`pam dbt run -s mart_incidents`) replaces what is there. A contract is held against the table that was made, whose
    columns are known, not against the query, which would have to be planned once more. Spark keeps its own. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as (
            {{ sql }}
        )
    {%- endcall %}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent('select * from ' ~ target_relation) }}
    {%- endif -%}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

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
