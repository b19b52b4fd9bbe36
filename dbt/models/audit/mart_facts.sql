{{ config(materialized='night_view') }}
{%- set month = "concat(cast(cast(floor(month_no / 12) as int) as string), '-', lpad(cast(month_no % 12 + 1 as string), 2, '0'))" %}
-- Facts about a mart for the gate's suites: how many figures of each measure break each rule. Measures without figures have a row
-- of zeros, so that a suite always has something to check.
select
    listed.mart,
    listed.measure,
    facts.force_code,
    {%- for rule in figure_rules() %}
    cast(coalesce(sum(facts.{{ rule }}), 0) as bigint) as {{ rule }},
    {%- endfor %}
    cast(coalesce(sum(facts.figures), 0) as bigint) as figures,
    max(case when listed.unit <> 'gbp' then unusual.month_to_mean end) as month_to_mean,
    max(case when listed.unit = 'gbp' then unusual.month_to_mean end) as money_to_mean,
    max(unusual.month_apart) as month_apart,
    max(empty_units.units_without_events) as units_without_events,
    max(empty_units.unit_without_events) as unit_without_events,
    max(empty_units.names_without_events) as names_without_events,
    max(empty_units.month_without_events) as month_without_events
from {{ ref('measure_list') }} as listed
left join {{ ref('figure_facts') }} as facts
    on listed.mart = facts.mart
    and listed.measure = facts.measure
left join ( -- noqa: ST05
    select
        mart, force_code, measure,
        max_by(month_to_mean, times_apart) as month_to_mean,
        max_by({{ month }}, times_apart) as month_apart
    from {{ ref('month_facts') }}
    where area_type = 'force'
    group by mart, force_code, measure
) as unusual
    on facts.mart = unusual.mart
    and facts.measure = unusual.measure
    and facts.force_code = unusual.force_code
left join ( -- noqa: ST05
    select
        mart, force_code, measure,
        count(*) as units_without_events,
        min(area_code) as unit_without_events,
        concat_ws(
            ', '
            {%- for n in (1, 2, 3) %},
            max(case when unit_no = {{ n }} then area_name end)
            {%- endfor %}
        ) as names_without_events,
        max({{ month }}) as month_without_events
    from (
        select *, row_number() over (partition by mart, force_code, measure order by area_code) as unit_no
        from {{ ref('month_facts') }}
        where area_type = 'lpu'
    ) as numbered
    group by mart, force_code, measure
) as empty_units
    on facts.mart = empty_units.mart
    and facts.measure = empty_units.measure
    and facts.force_code = empty_units.force_code
where listed.is_published
group by listed.mart, listed.measure, facts.force_code
