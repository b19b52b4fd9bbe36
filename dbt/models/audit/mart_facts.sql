{{ config(materialized='view') }}
-- What the gate's suites ask of a mart: how many figures break each rule, for every measure. Measures without figures have a
-- row of zeros, so that a suite always has something to judge.
select
    listed.mart,
    listed.measure,
    facts.force_code,
    {%- for rule in figure_rules() %}
    cast(coalesce(sum(facts.{{ rule }}), 0) as bigint) as {{ rule }},
    {%- endfor %}
    cast(coalesce(sum(facts.figures), 0) as bigint) as figures
from {{ ref('measure_list') }} as listed
left join {{ ref('figure_facts') }} as facts
    on listed.mart = facts.mart
    and listed.measure = facts.measure
where listed.is_published
group by listed.mart, listed.measure, facts.force_code
