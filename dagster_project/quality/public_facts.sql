-- How often each mart's public form breaks a rule of disclosure: a row for each mart, force and measure. Reads `exact_figures`
-- and `public_figures` (rows of `marts.measures` and `marts_public.measures`), the candidate's `work`, and the temporary tables
-- `rules` (one row for each measure), `thresholds` (measure and threshold) and `bases` (unit and base of rounding; empty if small
-- counts are hidden instead).
create or replace temp table public_rows as
select
    p.mart, p.force_code, p.area_type, p.area_code, p.measure, p.category, p.period_type, p.period_start, p.period_end,
    p.value, p.unit, p.numerator, p.denominator, p.prior_value, p.data_status, p.marker,
    m.value as exact,
    m.prior_value as exact_prior,
    m.numerator as exact_numerator,
    m.denominator as exact_denominator,
    m.measure is null as is_extra,
    coalesce(rules.role = 'public', false) as is_exempt,
    rules.role,
    rules.aggregation,
    own.threshold,
    above.threshold as numerator_threshold,
    below.threshold as denominator_threshold,
    bases.base,
    counted.base as count_base
from public_figures as p
left join exact_figures as m
    on p.mart = m.mart and p.force_code is not distinct from m.force_code and p.area_type = m.area_type
    and p.area_code = m.area_code and p.measure = m.measure and p.category = m.category and p.period_type = m.period_type
    and p.period_start is not distinct from m.period_start and p.period_end is not distinct from m.period_end
left join rules on p.mart = rules.mart and p.measure = rules.measure
left join thresholds as own on p.mart = own.mart and p.measure = own.measure
left join thresholds as above on p.mart = above.mart and rules.numerator = above.measure
left join thresholds as below on p.mart = below.mart and rules.denominator = below.measure
left join bases on p.unit = bases.unit
left join bases as counted on counted.unit = 'count';

-- Which figures add up to which: areas to their section or force, categories to `all`, months to a year.
create or replace temp table public_sums as
with areas as (
    select force_code, area_type, area_code, section_code from work.staging.areas_listed
),

counts as (
    select
        r.mart, r.force_code, r.measure, r.area_type, r.area_code, r.category, r.period_type, r.period_start, r.period_end,
        r.value, r.threshold, coalesce(r.marker = '[c]', false) as is_hidden, areas.section_code
    from public_rows as r
    left join areas on r.force_code = areas.force_code and r.area_type = areas.area_type and r.area_code = areas.area_code
    where r.unit = 'count' and r.aggregation = 'sum' and r.threshold > 1 and not r.is_exempt and r.base is null
        and r.data_status <> 'not_available'
),

members as (
    select *, 'category' as split, area_type as of_type, area_code as of_code, 'all' as of_category,
        period_type as of_period, period_start as of_start, period_end as of_end
    from counts where category <> 'all'
    union all
    select *, 'area', case when section_code is null then 'force' else 'section' end, coalesce(section_code, force_code),
        category, period_type, period_start, period_end
    from counts where area_type in ('lpu', 'district')
    union all
    select *, 'area', 'force', force_code, category, period_type, period_start, period_end
    from counts where area_type = 'section'
    union all
    select counts.*, 'month', counts.area_type, counts.area_code, counts.category, years.of_period,
        years.of_start, years.of_end
    from counts
    inner join (
        select distinct period_type as of_period, period_start as of_start, period_end as of_end
        from counts where period_type in ('calendar_year', 'financial_year')
    ) as years on counts.period_start between years.of_start and years.of_end
    where counts.period_type = 'month'
)

select
    whole.mart, whole.force_code, whole.measure,
    sum(case when members.is_hidden then 1 else 0 end) as hidden,
    any_value(whole.value) - coalesce(sum(members.value), 0) as left_over,
    any_value(whole.threshold) as threshold
from counts as whole
inner join members
    on whole.mart = members.mart and whole.force_code = members.force_code and whole.measure = members.measure
    and whole.area_type = members.of_type and whole.area_code = members.of_code and whole.category = members.of_category
    and whole.period_type = members.of_period and whole.period_start = members.of_start and whole.period_end = members.of_end
where whole.value is not null
group by whole.mart, whole.force_code, whole.measure, whole.area_type, whole.area_code, whole.category, whole.period_type,
    whole.period_start, whole.period_end, members.split;

with small as (
    select
        mart, force_code, measure,
        count(*) filter (
            not is_exempt and base is null and count_base is null and (
                unit = 'count' and threshold > 1
                and (value > 0 and value < threshold or prior_value > 0 and prior_value < threshold)
                or numerator > 0 and numerator < numerator_threshold
                or denominator > 0 and denominator < denominator_threshold
            )
        ) as public_count_under_threshold,
        count(*) filter (
            is_extra
            or (is_exempt or count_base is null) and (
                value is not null and value is distinct from exact
                or prior_value is not null and prior_value is distinct from exact_prior
                or numerator is not null and numerator is distinct from exact_numerator
                or denominator is not null and denominator is distinct from exact_denominator
            )
        ) as public_value_not_exact,
        count(*) filter (
            not is_exempt and threshold > 1 and base is not null and value is not null
            and (value % base <> 0 or period_type = 'month' and abs(value - exact) >= base)
        ) as public_value_not_rounded
    from public_rows
    group by mart, force_code, measure
),

solvable as (
    select
        mart, force_code, measure,
        -- A hidden figure is at most the total less the figures shown. If it is the only one hidden, it is exactly that.
        count(*) filter (hidden > 0 and left_over > 0 and left_over < threshold) as public_hidden_can_be_worked_out
    from public_sums
    group by mart, force_code, measure
)

select
    small.mart as public, small.* exclude (mart),
    coalesce(solvable.public_hidden_can_be_worked_out, 0) as public_hidden_can_be_worked_out
from small
left join solvable using (mart, force_code, measure)
