-- The rows of `wanted` with what is not public left out. Reads what suppress.sql made and read; `wanted` is of `measures`.
create or replace temp view public_form as
with asked as (
    select
        r.*,
        cut.role,
        12 * year(r.period_start) + month(r.period_start) - 1 as a,
        12 * year(r.period_end) + month(r.period_end) - 1 as b,
        -- The count that the figure is, or rests on, or is made of.
        case
            when cut.numerator is not null then cut.numerator
            when cut.role = 'rests_on' or (cut.role = 'same' and r.category = 'all') then cut.of_measure
            when cut.role = 'same' and r.area_type <> 'force' then cut.of_measure
            else r.measure
        end as n_measure,
        case when cut.role = 'rests_on' then coalesce(cut.of_category, r.category) else r.category end as n_category,
        cut.denominator as d_measure,
        coalesce(cut.denominator_category, r.category) as d_category,
        coalesce(cut.role = 'public' or family.threshold <= 1, false) as is_exempt,
        standing.last_m as standing_to
    from wanted as r
    left join cut on r.mart = cut.mart and r.measure = cut.measure
    left join family
        on r.mart = family.mart
        and family.measure = case
            when cut.numerator is not null then cut.numerator
            when cut.role = 'rests_on' then cut.of_measure
            else r.measure
        end
    left join standing
        on cut.role = 'stock' and r.force_code = standing.force_code and r.mart = standing.mart and r.measure = standing.measure
    where r.area_type = 'force' or r.category = 'all' or coalesce(cut.role = 'public' or family.threshold <= 1, false)
),

found as (
    select asked.*, n.unit_id as n_unit, d.unit_id as d_unit
    from asked
    left join units as n
        on asked.force_code = n.force_code and asked.mart = n.mart and asked.n_measure = n.measure
        and asked.area_type = n.area_type and asked.area_code = n.area_code and asked.n_category = n.category
    left join units as d
        on asked.force_code = d.force_code and asked.mart = d.mart and asked.d_measure = d.measure
        and asked.area_type = d.area_type and asked.area_code = d.area_code and asked.d_category = d.category
),

-- Which periods of which units are shown: every one that is asked for, and the year before.
periods as (
    select distinct unit_id, a - back as a, b - back as b
    from (
        select n_unit as unit_id, a, b from found where n_unit is not null
        union
        select d_unit, a, b from found where d_unit is not null
    )
    cross join (select unnest([0, 12]) as back)
),

shown as (
    select p.unit_id, p.a, p.b
    from periods as p
    inner join reach as last on p.unit_id = last.unit_id and p.b = last.m
    -- Between years of which nothing is covered there are months without figures.
    asof left join reach as before on p.unit_id = before.unit_id and p.a > before.m
    where last.cut_after and coalesce(before.cut_after, true) and last.closed_to = coalesce(before.closed_to, 0)
),

-- Whether a rate of the year before is not available or has nothing to divide by: a null alone does not say.
rates as (
    select
        r.force_code, r.mart, r.measure, r.area_type, r.area_code, r.category, r.period_type,
        12 * year(r.period_start) + month(r.period_start) - 1 as a,
        12 * year(r.period_end) + month(r.period_end) - 1 as b
    from measures as r
    inner join cut using (mart, measure)
    where cut.denominator is not null and r.data_status <> 'not_available'
),

judged as (
    select
        found.*,
        found.is_exempt or case
            when found.role = 'stock' then coalesce(found.b <= found.standing_to, false)
            when found.d_measure is not null then n_now.unit_id is not null and d_now.unit_id is not null
            else n_now.unit_id is not null
        end as is_shown,
        found.is_exempt or case
            when found.role = 'stock' then coalesce(found.b - 12 <= found.standing_to, false)
            when found.d_measure is not null then n_then.unit_id is not null and d_then.unit_id is not null
            else n_then.unit_id is not null
        end as is_prior_shown,
        found.prior_value is not null or rates.measure is not null as has_prior
    from found
    left join shown as n_now on found.n_unit = n_now.unit_id and found.a = n_now.a and found.b = n_now.b
    left join shown as d_now on found.d_unit = d_now.unit_id and found.a = d_now.a and found.b = d_now.b
    left join shown as n_then on found.n_unit = n_then.unit_id and found.a - 12 = n_then.a and found.b - 12 = n_then.b
    left join shown as d_then on found.d_unit = d_then.unit_id and found.a - 12 = d_then.a and found.b - 12 = d_then.b
    left join rates
        on found.d_measure is not null
        and found.force_code = rates.force_code and found.mart = rates.mart and found.measure = rates.measure
        and found.area_type = rates.area_type and found.area_code = rates.area_code and found.category = rates.category
        and found.period_type = rates.period_type and found.a - 12 = rates.a and found.b - 12 = rates.b
)

select
    mart, force_code, area_type, area_code, area_name, measure, category, period_type, period_start, period_end, period_label,
    case when is_shown then value end as value,
    unit,
    case when is_shown then numerator end as numerator,
    case when is_shown then denominator end as denominator,
    case when is_prior_shown then prior_value end as prior_value,
    case when is_shown and is_prior_shown then volume_change end as volume_change,
    case when is_shown and is_prior_shown then pct_change end as pct_change,
    data_status,
    case
        when data_status = 'not_available' then '[x]'
        when not is_shown then '[c]'
        when value is null then '[z]'
    end as marker,
    case
        when not has_prior then '[x]'
        when not is_prior_shown then '[c]'
        when prior_value is null then '[z]'
    end as prior_marker
from judged
union all
-- Split by area and by category at once: not public, whatever the count.
select
    r.mart, r.force_code, r.area_type, r.area_code, r.area_name, r.measure, r.category, r.period_type, r.period_start, r.period_end,
    r.period_label, null, r.unit, null, null, null, null, null, r.data_status,
    case when r.data_status = 'not_available' then '[x]' else '[c]' end,
    case when r.prior_value is not null then '[c]' else '[x]' end
from wanted as r
left join cut on r.mart = cut.mart and r.measure = cut.measure
left join family on r.mart = family.mart and family.measure = coalesce(cut.numerator, r.measure)
where not (r.area_type = 'force' or r.category = 'all' or coalesce(cut.role = 'public' or family.threshold <= 1, false))
