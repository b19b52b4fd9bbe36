{{ config(materialized='night_view') }}
{%- set month = "concat(cast(cast(floor(month_no / 12) as int) as string), '-', lpad(cast(month_no % 12 + 1 as string), 2, '0'))" %}
-- Facts about a mart for the gate's suites: how many figures of each measure break each rule. Measures without figures have a row
-- of zeros, so that a suite always has something to check. Each month that is compared with the year before has a row of its own, so
-- that a night names all that are unusual.
select
    listed.mart,
    listed.measure,
    facts.force_code,
    {%- for rule in gate_figure_rules() %}
    cast(coalesce(sum(facts.{{ rule }}), 0) as bigint) as {{ rule }},
    {%- endfor %}
    cast(coalesce(sum(facts.figures), 0) as bigint) as figures,
    cast(null as double) as month_to_mean,
    cast(null as double) as money_to_mean,
    cast(null as string) as month_apart,
    cast(null as double) as month_value,
    cast(null as double) as mean_before,
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
union all
select
    compared.mart,
    compared.measure,
    compared.force_code,
    {%- for rule in gate_figure_rules() %}
    cast(null as bigint) as {{ rule }},
    {%- endfor %}
    cast(null as bigint) as figures,
    case when listed.unit <> 'gbp' then compared.month_to_mean end as month_to_mean,
    case when listed.unit = 'gbp' then compared.month_to_mean end as money_to_mean,
    {{ month }} as month_apart,
    round(compared.value, 2) as month_value,
    round(compared.mean_before, 2) as mean_before,
    cast(null as bigint) as units_without_events,
    cast(null as string) as unit_without_events,
    cast(null as string) as names_without_events,
    cast(null as string) as month_without_events
from {{ ref('month_facts') }} as compared
inner join {{ ref('measure_list') }} as listed
    on compared.mart = listed.mart
    and compared.measure = listed.measure
where compared.area_type = 'force' and listed.is_published
