{#- The keys of the star schema: made from names, so that they are readable and stay the same each night. -#}
{% macro measure_key(relation=none) -%}
{%- set of = relation ~ '.' if relation else '' -%}
concat({{ of }}mart, '/', {{ of }}measure)
{%- endmacro %}

{% macro area_key() -%}
concat(force_code, '/', area_type, '/', area_code)
{%- endmacro %}

{#- Each mart and its title, which is the first sentence of its description. -#}
{% macro mart_titles() -%}
{%- set marts = subjects() + ['public_health'] -%}
{%- set titles = {} -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- do titles.update({node.name: node.description.split('.')[0]}) -%}
    {%- endfor -%}
{%- endif -%}
{%- for mart in marts -%}
select 'mart_{{ mart }}' as mart, '{{ titles.get('mart_' ~ mart, mart) | replace("'", "''") }}' as mart_title
{%- if not loop.last %}
    union all
    {% endif -%}
{%- endfor -%}
{%- endmacro %}
