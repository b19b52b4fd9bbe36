-- Makes `new_facts`: how often each mart's public form breaks a rule of disclosure, a row for each mart, force, measure and month in
-- which periods end. Reads `exact_figures` and `public_figures` (rows of `marts.measures` and `marts_public.measures`, the latter with
-- `is_judged`: false for months that are read only because a year that is judged adds them up), the candidate's `work`, and the
-- temporary tables `rules` (one row for each measure), `thresholds` (measure and threshold) and `bases` (unit and base of
-- rounding; empty if small counts are hidden instead).
-- Figures are found by a hash of what names them: to compare nine columns for tens of millions of them takes four times as long.
create or replace temp macro figure_hash(mart, force, measure, area_type, area, category, period_type, first_day, last_day) as
    hash(mart, force, measure, area_type, area, category, period_type, first_day, last_day);

-- Which figures add up to which: areas to their section or force, categories to `all`, months to a year. Only where one is hidden.
create or replace temp table public_sums as
with counts as (
    select
        p.mart, p.force_code, p.measure, p.area_type, p.area_code, p.category, p.period_type, p.period_start, p.period_end,
        p.value, p.is_judged, own.threshold,
        coalesce(p.marker = '[c]', false) as is_hidden,
        areas.section_code
    from public_figures as p
    inner join rules on p.mart = rules.mart and p.measure = rules.measure
    inner join thresholds as own on p.mart = own.mart and p.measure = own.measure
    left join bases on p.unit = bases.unit
    left join work.staging.areas_listed as areas
        on p.force_code = areas.force_code and p.area_type = areas.area_type and p.area_code = areas.area_code
    where p.unit = 'count' and rules.aggregation = 'sum' and own.threshold > 1 and rules.role is distinct from 'public'
        and bases.base is null and p.data_status <> 'not_available'
        -- A whole of which no part is shown is judged by its own value. Of what is split by area and by category at once, that is
        -- all, unless the form is wrong.
        and (
            p.area_type = 'force' or p.category = 'all'
            or exists (
                from public_figures as crossed
                where crossed.mart = p.mart and crossed.area_type <> 'force' and crossed.category <> 'all' and crossed.value is not null
            )
        )
),

members as (
    select
        'category' as split, value, is_hidden,
        figure_hash(mart, force_code, measure, area_type, area_code, 'all', period_type, period_start, period_end) as whole
    from counts where category <> 'all' and is_judged
    union all
    select
        'area', value, is_hidden,
        figure_hash(
            mart, force_code, measure, case when section_code is null then 'force' else 'section' end,
            coalesce(section_code, force_code), category, period_type, period_start, period_end
        )
    from counts where area_type in ('lpu', 'district') and is_judged
    union all
    select
        'area', value, is_hidden,
        figure_hash(mart, force_code, measure, 'force', force_code, category, period_type, period_start, period_end)
    from counts where area_type = 'section' and is_judged
    union all
    select
        'month', counts.value, counts.is_hidden,
        figure_hash(
            counts.mart, counts.force_code, counts.measure, counts.area_type, counts.area_code, counts.category,
            years.period_type, years.period_start, years.period_end
        )
    from counts
    inner join (
        select distinct period_type, period_start, period_end
        from counts where period_type in ('calendar_year', 'financial_year')
    ) as years on counts.period_start between years.period_start and years.period_end
    where counts.period_type = 'month'
),

parts as (
    select whole, split, sum(value) as shown
    from members
    group by whole, split
    having bool_or(is_hidden)
)

select counts.mart, counts.force_code, counts.measure, counts.period_end, counts.threshold, counts.value - coalesce(parts.shown, 0) as left_over
from counts
inner join parts
    on parts.whole = figure_hash(
        counts.mart, counts.force_code, counts.measure, counts.area_type, counts.area_code, counts.category,
        counts.period_type, counts.period_start, counts.period_end
    )
where counts.is_judged;

create or replace temp table new_facts as
with compared as (
    select
        p.mart, p.force_code, p.measure, p.unit, p.period_type, p.period_end, p.value, p.numerator, p.denominator, p.prior_value,
        m.figure is null as is_extra,
        m.value as exact,
        m.prior_value as exact_prior,
        m.numerator as exact_numerator,
        m.denominator as exact_denominator,
        coalesce(rules.role = 'public', false) as is_exempt,
        own.threshold,
        above.threshold as numerator_threshold,
        below.threshold as denominator_threshold,
        bases.base,
        counted.base as count_base,
        12 * (year(p.period_end) - year(p.period_start)) + month(p.period_end) - month(p.period_start) + 1 as months
    from public_figures as p
    left join (
        select
            value, prior_value, numerator, denominator,
            figure_hash(mart, force_code, measure, area_type, area_code, category, period_type, period_start, period_end) as figure
        from exact_figures
    ) as m
        on m.figure = figure_hash(
            p.mart, p.force_code, p.measure, p.area_type, p.area_code, p.category, p.period_type, p.period_start, p.period_end
        )
    left join rules on p.mart = rules.mart and p.measure = rules.measure
    left join thresholds as own on p.mart = own.mart and p.measure = own.measure
    left join thresholds as above on p.mart = above.mart and rules.numerator = above.measure
    left join thresholds as below on p.mart = below.mart and rules.denominator = below.measure
    left join bases on p.unit = bases.unit
    left join bases as counted on counted.unit = 'count'
    where p.is_judged
),

broken as (
    select
        mart, force_code, measure, period_end,
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
            -- A period adds up its months, each of which is less than a base from the exact one.
            not is_exempt and threshold > 1 and base is not null and (
                value % base <> 0
                or abs(value - exact) >= base * months
                or abs(prior_value - exact_prior) >= base * months
            )
        ) as public_value_not_rounded,
        0 as public_hidden_can_be_worked_out
    from compared
    group by mart, force_code, measure, period_end
    union all
    -- A hidden figure is at most the total less the figures shown. If it is the only one hidden, it is exactly that.
    select mart, force_code, measure, period_end, 0, 0, 0, 1
    from public_sums
    where left_over > 0 and left_over < threshold
)

select
    mart as public, force_code, measure,
    12 * year(period_end) + month(period_end) - 1 as month_no,
    sum(public_count_under_threshold)::bigint as public_count_under_threshold,
    sum(public_value_not_exact)::bigint as public_value_not_exact,
    sum(public_value_not_rounded)::bigint as public_value_not_rounded,
    sum(public_hidden_can_be_worked_out)::bigint as public_hidden_can_be_worked_out
from broken
group by mart, force_code, measure, month_no
