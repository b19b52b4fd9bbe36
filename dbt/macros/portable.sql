{#- The few expressions that differ between DuckDB and Spark. All other SQL of the models runs on both. -#}

{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between', 'pam_warehouse')(first, last)) }}{% endmacro %}
{% macro default__days_between(first, last) %}datediff({{ last }}, {{ first }}){% endmacro %}
{% macro duckdb__days_between(first, last) %}date_diff('day', {{ first }}, {{ last }}){% endmacro %}

{% macro add_days(day, number) %}{{ return(adapter.dispatch('add_days', 'pam_warehouse')(day, number)) }}{% endmacro %}
{% macro default__add_days(day, number) %}date_add({{ day }}, {{ number }}){% endmacro %}
{% macro duckdb__add_days(day, number) %}cast({{ day }} + {{ number }} as date){% endmacro %}

{% macro last_known(column) %}{{ return(adapter.dispatch('last_known', 'pam_warehouse')(column)) }}{% endmacro %}
{% macro default__last_known(column) %}last_value({{ column }}) ignore nulls{% endmacro %}
{% macro duckdb__last_known(column) %}last_value({{ column }} ignore nulls){% endmacro %}

{% macro replace_all(text, pattern, replacement) %}
{{- return(adapter.dispatch('replace_all', 'pam_warehouse')(text, pattern, replacement)) }}
{%- endmacro %}
{% macro default__replace_all(text, pattern, replacement) %}regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}'){% endmacro %}
{% macro duckdb__replace_all(text, pattern, replacement) -%}
regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'pam_warehouse')(text, pattern)) }}{% endmacro %}
{% macro default__matches(text, pattern) %}{{ text }} rlike '{{ pattern }}'{% endmacro %}
{% macro duckdb__matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}

{#- A whole number with commas between thousands. -#}
{% macro with_commas(number) %}{{ return(adapter.dispatch('with_commas', 'pam_warehouse')(number)) }}{% endmacro %}
{% macro default__with_commas(number) %}format_number(cast({{ number }} as bigint), 0){% endmacro %}
{% macro duckdb__with_commas(number) %}format('{:,}', cast({{ number }} as bigint)){% endmacro %}

{#- A decimal(28, 10) as text with its ten places. A cast on Spark writes 0 as `0E-10`, and 0.0000001 as `1.000E-7`. -#}
{% macro decimal_text(number) %}{{ return(adapter.dispatch('decimal_text', 'pam_warehouse')(number)) }}{% endmacro %}
{% macro default__decimal_text(number) %}replace(format_number({{ number }}, '0.0000000000'), ',', ''){% endmacro %}
{% macro duckdb__decimal_text(number) %}cast({{ number }} as string){% endmacro %}

{#- A double as decimal(28, 10). DuckDB multiplies by 10^10 and rounds, half away from zero; a cast on Spark rounds the shortest
    text of the double, which can differ in the last place. Above 9 x 10^8, where a bigint ends, doubles are multiples of 1024
    places, and both engines agree up to 9 x 10^11. -#}
{% macro ten_places(number) %}{{ return(adapter.dispatch('ten_places', 'pam_warehouse')(number)) }}{% endmacro %}
{% macro default__ten_places(number) -%}
cast(
    coalesce(
        cast(try_cast(round(10000000000 * ({{ number }})) as bigint) as decimal(27, 0)),
        cast(1024 * cast(try_cast(10000000000 * ({{ number }}) / 1024 as bigint) as decimal(24, 0)) as decimal(27, 0)),
        cast(10000000000 * ({{ number }}) as decimal(27, 0))
    ) * cast(0.0000000001 as decimal(10, 10)) as decimal(28, 10)
)
{%- endmacro %}
{% macro duckdb__ten_places(number) %}cast({{ number }} as decimal(28, 10)){% endmacro %}

{#- A 64-bit hash of several columns, the same for equal rows. Different rows may have the same hash, and on Spark do if they
    differ only in which column is null: compare matches in full. -#}
{% macro hash_of(columns) %}{{ return(adapter.dispatch('hash_of', 'pam_warehouse')(columns)) }}{% endmacro %}
{% macro default__hash_of(columns) %}xxhash64({{ columns }}){% endmacro %}
{% macro duckdb__hash_of(columns) %}hash({{ columns }}){% endmacro %}
